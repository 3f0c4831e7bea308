/**
 * The part of Go's text/template that VirtualOutbound needs: text with `{{.NAME}}` in it, `{{-` and `-}}` trimming white
 * space. In: a template and values. Out: the text, or why it cannot be made. Pipelines, functions and conditions are
 * refused: what would come out differently than in Kuma must not look as if it worked.
 */

export type Rendered =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string }

/** A name without a value becomes `<no value>`, as in Go. */
export function renderTemplate(template: string, values: ReadonlyMap<string, string>): Rendered {
  let text = ''
  let at = 0
  while (at < template.length) {
    const open = template.indexOf('{{', at)
    if (open < 0) break
    const close = template.indexOf('}}', open + 2)
    if (close < 0) return { ok: false, message: 'template: :1: unclosed action' }
    const action = template.slice(open + 2, close)
    const trimsBefore = /^-\s/.test(action)
    const trimsAfter = /\s-$/.test(action)
    const inner = action.slice(trimsBefore ? 1 : 0, trimsAfter ? -1 : undefined).trim()
    const name = /^\.([A-Za-z_][A-Za-z0-9_]*)$/.exec(inner)?.[1]
    if (name === undefined) return { ok: false, message: refusal(inner) }
    const before = template.slice(at, open)
    text += trimsBefore ? before.trimEnd() : before
    text += values.get(name) ?? '<no value>'
    at = close + 2
    if (trimsAfter) at += (/^\s*/.exec(template.slice(at))?.[0] ?? '').length
  }
  return { ok: true, text: text + template.slice(at) }
}

function refusal(action: string): string {
  if (action === '') return 'template: :1: missing value for command'
  return `template: :1: {{${action}}} is not supported; write {{.NAME}} with the name of a parameter`
}
