/**
 * What a handler answers, and the form in which it is sent: JSON indented by one space as Kuma's, or YAML where the
 * caller prefers it (`Accept: application/yaml`, `?output=yaml`), or text for people where there is one (`text/plain`,
 * `?output=table`).
 */
import { stringifyYaml } from '#base/yaml.ts'

export type Answer = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
} /** `plain`: the same as a table or another text for people. */ & (
  | { readonly value: unknown; readonly plain?: () => string }
  | { readonly text: string }
  /** With their content type among the headers. */
  | { readonly bytes: Buffer }
  | { readonly empty: true }
)

export type Format = 'json' | 'yaml' | 'plain'

export interface Rendered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

export const TEXT = 'text/plain; charset=utf-8'

export function ok(value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, value, headers }
}

/** Answers of the router itself, as Kuma's. */
export const NOT_FOUND: Answer = { status: 404, text: '404: Page Not Found' }
export const UNSUPPORTED_MEDIA_TYPE: Answer = { status: 415, text: '415: Unsupported Media Type' }
export const NOT_ACCEPTABLE: Answer = {
  status: 406,
  text: '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, text/plain',
}

export function methodNotAllowed(allowed: readonly string[]): Answer {
  return { status: 405, text: '405: Method Not Allowed', headers: { allow: allowed.join(', ') } }
}

/**
 * What to answer in, by the Accept header and the parameter `output`; null when the caller takes none of
 * them. Of two that are liked equally, the first is taken.
 */
export function formatFor(accept: string | undefined, output: string | null): Format | null {
  if (output === 'yaml' || output === 'json') return output
  if (output === 'table') return 'plain'
  if (accept === undefined || accept.trim() === '' || accept === '*/*') return 'json'
  let best: Format | null = null
  let bestQuality = 0
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map(part => part.trim().toLowerCase())
    const format = Object.hasOwn(FORMATS, type) ? FORMATS[type] : undefined
    const quality = qualityOf(parameters)
    if (format === undefined || quality <= bestQuality) continue
    best = format
    bestQuality = quality
  }
  return best
}

/** What has no text for people is sent as JSON to those who prefer text. */
export function render(answer: Answer, format: Format): Rendered {
  const { status, headers = {} } = answer
  if ('empty' in answer) return { status, headers, body: '' }
  if ('bytes' in answer) return { status, headers, body: answer.bytes }
  if ('text' in answer) return { status, headers: { 'content-type': TEXT, ...headers }, body: answer.text }
  if (format === 'plain' && answer.plain !== undefined) {
    return { status, headers: { 'content-type': TEXT, ...headers }, body: answer.plain() }
  }
  return format === 'yaml'
    ? {
        status,
        headers: { 'content-type': 'application/yaml', ...headers },
        body: stringifyYaml(answer.value),
      }
    : {
        status,
        headers: { 'content-type': 'application/json', ...headers },
        body: `${JSON.stringify(answer.value, null, 1)}\n`,
      }
}

const FORMATS: Readonly<Record<string, Format>> = {
  '*/*': 'json',
  'application/*': 'json',
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/x-yaml': 'yaml',
  'text/yaml': 'yaml',
  'text/x-yaml': 'yaml',
  'text/plain': 'plain',
}

function qualityOf(parameters: readonly string[]): number {
  const given = parameters.find(parameter => parameter.startsWith('q='))
  const quality = given === undefined ? 1 : Number(given.slice(2))
  return Number.isNaN(quality) ? 0 : quality
}
