/** `inspect dataplane NAME --why`: each value that policies give it, with the policy and the item that set it. */
import { at, list, table, text } from '../../output.ts'

/** `body`: of `/dataplanes/NAME/_why`. */
export function whyText(body: unknown): string {
  const items = list(at(body, 'items'))
  if (items.length === 0) return 'No policy says anything about this data plane.\n'
  const places = Map.groupBy(items, item => text(at(item, 'place')))
  return [...places].map(([place, of]) => `${place}\n${indented(table(TITLES, of.map(cellsOf)))}`).join('\n')
}

const TITLES = ['POLICY', 'ITEM', 'VALUE']
const MOST_CHARACTERS = 80

function cellsOf(item: unknown): string[] {
  const [type, field, where] = ['type', 'field', 'list'].map(key => text(at(item, key)))
  const origins = list(at(item, 'origins'))
  const names = origins.map(origin => text(at(origin, 'policy', 'name'))).join(', ')
  const indexes = origins.map(origin =>
    where === 'conf' ? where : `${where}[${String(at(origin, 'index'))}]`,
  )
  const value = JSON.stringify(at(item, 'value')) ?? ''
  const shown = value.length > MOST_CHARACTERS ? `${value.slice(0, MOST_CHARACTERS)}…` : value
  const idle = at(item, 'isEnforced') === false ? ' (not enforced yet)' : ''
  return [`${type}/${names}`, indexes.join(', '), `${field === '' ? '' : `${field}: `}${shown}${idle}`]
}

function indented(lines: string): string {
  return lines.replace(/^(?=.)/gm, '  ')
}
