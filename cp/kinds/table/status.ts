/** The status of data planes as the API tells it → a table, for the API and the command line. */
import { at, list, text } from '#base/shape.ts'
import { age, span, table } from '#base/text/table.ts'
import type { Shown } from './columns.ts'

export function statusTable(items: readonly Shown[], nowMs: number): string {
  return table(
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
}

/** `online 3h`: the state, and since when. */
export function connectionText(item: Shown, nowMs: number): string {
  const state = text(at(item['connection'], 'state')) || 'never'
  const since = age(at(item['connection'], 'since'), nowMs)
  return since === '-' ? state : `${state} ${since}`
}

/** `1/2 ready`, `1/1 not probed`, `1/3 ready, 1 not probed`. */
export function healthText(item: Shown): string {
  const { ready, notProbed, total } = healthOf(item)
  if (total === 0) return '-'
  if (notProbed === total) return `${total}/${total} not probed`
  return `${ready}/${total} ready${notProbed === 0 ? '' : `, ${notProbed} not probed`}`
}

/** Inbounds: known to be ready, in service and nothing known, all. */
export function healthOf(item: unknown): {
  readonly ready: number
  readonly notProbed: number
  readonly total: number
} {
  const count = (key: string): number => Number(at(item, 'health', key) ?? 0)
  return { ready: count('ready'), notProbed: count('notProbed'), total: count('total') }
}

/** `6d left (93%)`. */
export function certificateText(item: Shown, nowMs: number): string {
  const expires = Date.parse(text(at(item['certificate'], 'expires')))
  if (!Number.isFinite(expires)) return '-'
  if (expires <= nowMs) return 'expired'
  const percent = at(item['certificate'], 'lifeLeftPercent')
  return `${span(expires - nowMs)} left${typeof percent === 'number' ? ` (${Math.round(percent)}%)` : ''}`
}

/** What needs a look, one sentence each. */
export function notes(item: Shown): readonly string[] {
  const refusal = at(item['snapshot'], 'refusal')
  const [first, ...more] = list(at(refusal, 'violations'))
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
  ]
}
