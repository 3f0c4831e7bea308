/** Which data planes a write changes, as the answer to a dry run tells it → lines for people. */
import { at, list, text } from '../output.ts'

const SIGNS = { added: '+', changed: '~', removed: '-' } as const

/** Of the answer to the dry run of a deletion: data planes, and the tokens and roles that would end. */
export function deletionText(answer: unknown): string {
  const losses = list(at(answer, 'warnings')).map(loss => `  ${String(loss)}\n`)
  return affectedText(at(answer, 'affected')) + losses.join('')
}

/** `2 data planes would change:` and one line for each, indented; the total is of all, also of those not named. */
export function affectedText(affected: unknown): string {
  const dataplanes = list(at(affected, 'dataplanes'))
  const total = Number(at(affected, 'total') ?? dataplanes.length)
  if (total === 0) return '  no data plane would change\n'
  const lines = dataplanes.map(dataplane => {
    const name = `${text(at(dataplane, 'mesh'))}/${text(at(dataplane, 'name'))}`
    const state = at(dataplane, 'isConnected') === true ? 'connected' : 'not connected'
    const sections = sectionsText(at(dataplane, 'sections'))
    return `    ${name} (${state})${sections === '' ? '' : `: ${sections}`}\n`
  })
  const more = total > dataplanes.length ? `    and ${total - dataplanes.length} more\n` : ''
  const heading = total === 1 ? '1 data plane would change' : `${total} data planes would change`
  return `  ${heading}:\n${lines.join('')}${more}`
}

/** `+cluster api, ~route web`: sections of the snapshot. */
function sectionsText(sections: unknown): string {
  return Object.entries(SIGNS)
    .flatMap(([key, sign]) => list(at(sections, key)).map(name => `${sign}${String(name)}`))
    .join(', ')
}
