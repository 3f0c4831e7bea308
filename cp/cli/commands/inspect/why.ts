/** `inspect dataplane NAME --why`: one line for each value, with the policy and the item that set it. */
import { at, list, table, text } from '../../output.ts'

const TITLES = ['PART', 'FOR', 'POLICY TYPE', 'FIELD', 'VALUE', 'SET BY']

/** @param body of `_why` */
export function whyText(body: unknown): string {
  const parts = [
    { part: 'dataplane', policies: at(body, 'proxy'), isInbound: false },
    ...list(at(body, 'inbounds')).map(one => ({
      part: `inbound ${String(at(one, 'inbound', 'port'))}`,
      policies: at(one, 'policies'),
      isInbound: true,
    })),
    ...list(at(body, 'outbounds')).map(one => {
      const [address, port, service] = ['address', 'port', 'service'].map(key =>
        String(at(one, 'outbound', key)),
      )
      const part = `outbound ${address}:${port}(${service})`
      return { part, policies: at(one, 'policies'), isInbound: false }
    }),
    ...list(at(body, 'destinations')).map(one => ({
      part: `service ${text(at(one, 'service'))}`,
      policies: at(one, 'policies'),
      isInbound: false,
    })),
  ]
  const rows = parts.flatMap(({ part, policies, isInbound }) =>
    list(policies).flatMap(said => {
      const isForSome = isInbound || at(said, 'match') !== undefined
      const of = [part, isForSome ? whomOf(said) : '-', typeOf(said)]
      return list(at(said, 'values')).map(one => [
        ...of,
        text(at(one, 'path')),
        shownValue(one),
        authorOf(one),
      ])
    }),
  )
  return rows.length === 0 ? 'No policy says anything about this data plane.\n' : table(TITLES, rows)
}

/** Clients of an inbound, or requests of an outbound. */
function whomOf(said: unknown): string {
  const match = at(said, 'match')
  if (match !== undefined) return JSON.stringify(match)
  const tags = Object.entries(at(said, 'clients') ?? {}).map(([tag, value]) => `${tag}=${String(value)}`)
  return tags.join(',') || 'all clients'
}

function typeOf(said: unknown): string {
  const type = text(at(said, 'type'))
  return at(said, 'isEnforced') === false ? `${type} (not enforced yet)` : type
}

function shownValue(one: unknown): string {
  const value = at(one, 'value')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** `POLICY`, and the number of its item from 0 on. */
function authorOf(one: unknown): string {
  const index = at(one, 'ruleIndex')
  return index === undefined ? text(at(one, 'policy')) : `${text(at(one, 'policy'))}[${String(index)}]`
}
