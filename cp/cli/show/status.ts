/** The status of data planes as the API tells it → a table, and one of them in full. */
import { age, at, list, type Shown, span, table, text } from '../output.ts'
import type { World } from '../world.ts'

export function statusTable(
  items: readonly Shown[],
  nowMs: number,
  world: Pick<World, 'hasColours'>,
): string {
  const lines = table(
    ['MESH', 'NAME', 'CONNECTION', 'HEALTH', 'WANTED', 'APPLIED', 'AGE', 'CERTIFICATE', 'VERSION', 'NOTES'],
    items.map(item => {
      const snapshot = item['snapshot']
      return [
        text(item['mesh']),
        text(item['name']),
        connectionText(item, nowMs),
        healthText(item),
        text(at(snapshot, 'wanted')) || '-',
        text(at(snapshot, 'applied')) || '-',
        age(at(snapshot, 'appliedTime'), nowMs),
        certificateText(item, nowMs),
        text(item['version']) || '-',
        notes(item).join('; '),
      ]
    }),
  )
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
    ...list(at(snapshot, 'refusal', 'violations')).map(
      one => ['refused', `${text(at(one, 'path'))}: ${text(at(one, 'message'))}`] as const,
    ),
  ]
  return rows.map(([key, value]) => `${key.padEnd(12)}${value}\n`).join('')
}

/** `online 3h`: the state, and since when. */
function connectionText(item: Shown, nowMs: number): string {
  const state = text(at(item['connection'], 'state')) || 'never'
  const since = age(at(item['connection'], 'since'), nowMs)
  return since === '-' ? state : `${state} ${since}`
}

function healthText(item: Shown): string {
  const total = Number(at(item['health'], 'total') ?? 0)
  return total === 0 ? '-' : `${Number(at(item['health'], 'ready') ?? 0)}/${total} ready`
}

/** `6d left (93%)`. */
function certificateText(item: Shown, nowMs: number): string {
  const expires = Date.parse(text(at(item['certificate'], 'expires')))
  if (!Number.isFinite(expires)) return '-'
  if (expires <= nowMs) return 'expired'
  const percent = at(item['certificate'], 'lifeLeftPercent')
  return `${span(expires - nowMs)} left${typeof percent === 'number' ? ` (${Math.round(percent)}%)` : ''}`
}

function notes(item: Shown): readonly string[] {
  const refusal = at(item['snapshot'], 'refusal')
  const [first, ...more] = list(at(refusal, 'violations'))
  const unenforced = Number(item['unenforced'] ?? 0)
  return [
    ...(refusal === undefined
      ? []
      : [
          `refused ${text(at(refusal, 'version'))}: ${text(at(first, 'path'))} ${text(at(first, 'message'))}${more.length === 0 ? '' : ` and ${more.length} more`}`,
        ]),
    ...list(at(item['health'], 'notReady')).map(one => {
      const reason = text(at(one, 'reason'))
      return `inbound[port=${String(at(one, 'port'))},svc=${text(at(one, 'service'))}] is not ready${reason === '' ? '' : `: ${reason}`}`
    }),
    ...(unenforced > 0 ? [`${unenforced} not enforced`] : []),
  ]
}

/** Red: refused or gone; yellow: not all is well. */
function painted(row: string, item: Shown | undefined): string {
  if (item === undefined || row === '') return row
  const state = at(item['connection'], 'state')
  const isBad = at(item['snapshot'], 'refusal') !== undefined || state === 'offline' || state === 'lost'
  if (isBad) return `\x1b[31m${row}\x1b[0m`
  const isWell =
    state === 'online' &&
    at(item['snapshot'], 'isCurrent') === true &&
    at(item['health'], 'ready') === at(item['health'], 'total')
  return isWell ? row : `\x1b[33m${row}\x1b[0m`
}
