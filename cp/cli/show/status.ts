/** The status of data planes as the API tells it → a table in colours, and one of them in full. */
import {
  certificateText,
  connectionText,
  healthOf,
  healthText,
  notes,
  statusTable,
} from '../../kinds/table/status.ts'
import { age, at, list, type Shown, text } from '../output.ts'
import type { World } from '../world.ts'

/** One line for all of them: empty where everything is enforced that is stored for them. */
export function unenforcedText(items: readonly Shown[]): string {
  const count = items.filter(item => unenforcedCount(item) > 0).length
  if (count === 0) return ''
  return `\nNot all that is stored for ${count} data plane${count === 1 ? '' : 's'} is enforced; ${WHICH}\n`
}

const WHICH = 'vmeshctl status mesh says what is not'

/** Policies and fields for this data plane. */
function unenforcedCount(item: Shown): number {
  return Number(item['unenforced'] ?? 0)
}

/** Lines in red and yellow where colours are wanted. */
export function paintedStatusTable(
  items: readonly Shown[],
  nowMs: number,
  world: Pick<World, 'hasColours'>,
): string {
  const lines = statusTable(items, nowMs)
  if (!world.hasColours) return lines
  const [head, ...rows] = lines.split('\n')
  return [head, ...rows.map((row, index) => painted(row, items[index]))].join('\n')
}

/** One a line, with the reasons. */
export function statusText(item: Shown, nowMs: number): string {
  const connection = item['connection']
  const snapshot = item['snapshot']
  const certificate = item['certificate']
  const where = [at(connection, 'address'), at(connection, 'controlPlane')]
    .map(text)
    .filter(one => one !== '')
  const rows: readonly (readonly [string, string])[] = [
    ['data plane', `${text(item['mesh'])}/${text(item['name'])}`],
    ['services', list(item['services']).map(String).join(', ') || '-'],
    ['connection', `${connectionText(item, nowMs)}${where.length === 0 ? '' : ` (${where.join(', at ')})`}`],
    ['health', healthText(item)],
    ['wanted', text(at(snapshot, 'wanted')) || '-'],
    [
      'applied',
      `${text(at(snapshot, 'applied')) || '-'}${at(snapshot, 'isCurrent') === true ? ' (current)' : ''}, ${age(at(snapshot, 'appliedTime'), nowMs)} ago`,
    ],
    [
      'certificate',
      certificate === undefined
        ? 'none'
        : `${certificateText(item, nowMs)}, of backend ${text(at(certificate, 'backend'))}, until ${text(at(certificate, 'expires'))}`,
    ],
    ['version', text(item['version']) || '-'],
    ...notes(item).map(note => ['note', note] as const),
    ...(unenforcedCount(item) > 0
      ? [['note', `${unenforcedCount(item)} not enforced; ${WHICH}`] as const]
      : []),
    ...list(at(snapshot, 'refusal', 'violations')).map(
      one => ['refused', `${text(at(one, 'path'))}: ${text(at(one, 'message'))}`] as const,
    ),
  ]
  return rows.map(([key, value]) => `${key.padEnd(12)}${value}\n`).join('')
}

/** Red: refused or gone; yellow: not all is well. */
function painted(row: string, item: Shown | undefined): string {
  if (item === undefined || row === '') return row
  const state = at(item['connection'], 'state')
  const isBad = at(item['snapshot'], 'refusal') !== undefined || state === 'offline' || state === 'lost'
  if (isBad) return `\x1b[31m${row}\x1b[0m`
  const { ready, notProbed, total } = healthOf(item)
  const isWell =
    state === 'online' && at(item['snapshot'], 'isCurrent') === true && ready + notProbed === total
  return isWell ? row : `\x1b[33m${row}\x1b[0m`
}
