/** Another path or host for a request, as its backend sees it, and addresses of redirects (Kuma semantics 3.8). */
import type { Rewrite as Config, HostRewrite, PathRewrite, Redirect, RouteMatch } from '#contract/route.ts'
import { dropNamed } from '../../codec/http1/fields.ts'
import { AUTHORITY_AT, PATH_AT } from '../../codec/http2/bridge/heads.ts'
import type { FieldList } from '../../codec/http2/field-list.ts'
import { pathOf } from './matchers.ts'
import { Regex } from './regex.ts'
import type { RequestView } from './request-view.ts'

const ORIGINAL_PATH = 'x-envoy-original-path'
const ORIGINAL_HOST = 'x-envoy-original-host'
const ORIGINALS = [ORIGINAL_PATH, ORIGINAL_HOST]

type Change = (path: string) => string

export class Rewrite {
  readonly #path: Change | null
  readonly #host: Change | null

  /** `match`: of its route; what a prefix is replaced of. */
  constructor({ path, host }: Config, match: RouteMatch) {
    this.#path = path === undefined ? null : pathChange(path, match)
    this.#host = host === undefined ? null : hostChange(host)
  }

  /** `text`: start line and field lines of HTTP/1.1. */
  editText(text: string, view: RequestView): string {
    const { method, target } = view
    const host = view.field('host') ?? ''
    const newTarget = retarget(target, this.#path)
    const newHost = this.#host?.(pathOf(target))
    const fieldsAt = text.indexOf('\r\n') + 2
    const dropped = newHost === undefined ? ORIGINALS : [...ORIGINALS, 'host']
    let head = `${method} ${newTarget} HTTP/1.1\r\n`
    if (newHost !== undefined) head += `host: ${newHost}\r\n${ORIGINAL_HOST}: ${host}\r\n`
    if (this.#path !== null) head += `${ORIGINAL_PATH}: ${target}\r\n`
    return head + dropNamed(text, fieldsAt, dropped).slice(fieldsAt)
  }

  /** `fields`: of HTTP/2, which begin with the four pseudo-fields. */
  editFields(fields: FieldList): void {
    const target = fields.values[PATH_AT] ?? ''
    fields.drop(ORIGINALS)
    if (this.#host !== null) {
      fields.add(ORIGINAL_HOST, fields.values[AUTHORITY_AT] ?? '')
      fields.setValue(AUTHORITY_AT, this.#host(pathOf(target)))
    }
    if (this.#path === null) return
    fields.add(ORIGINAL_PATH, target)
    fields.setValue(PATH_AT, retarget(target, this.#path))
  }
}

/** Where a redirect leads to. */
export class RedirectTo {
  readonly status: number
  readonly #config: Redirect
  readonly #path: Change | null

  constructor(config: Redirect, match: RouteMatch) {
    this.status = config.status
    this.#config = config
    this.#path = config.path === undefined ? null : pathChange(config.path, match)
  }

  /** Value of Location. The old port stays unless the host changes. */
  locationOf(request: RequestView): string {
    const { scheme = 'http', hostname, port } = this.#config
    const asked = request.field('host') ?? ''
    const name = hostname ?? (port === undefined ? asked : asked.replace(/:\d+$/, ''))
    const host = port === undefined ? name : `${name}:${port}`
    return `${scheme}://${host}${retarget(request.target, this.#path)}`
  }
}

/** The query stays. Whatever the change makes of it, a path begins with a slash. */
function retarget(target: string, change: Change | null): string {
  if (change === null) return target
  const path = pathOf(target)
  const changed = change(path)
  return (changed.startsWith('/') ? changed : `/${changed}`) + target.slice(path.length)
}

function pathChange(rewrite: PathRewrite, match: RouteMatch): Change {
  if (rewrite.type === 'full') return () => rewrite.value
  if (rewrite.type === 'regex') {
    const regex = new Regex(rewrite.pattern)
    return path => regex.replaceAll(path, rewrite.substitution)
  }
  const { value } = rewrite
  const prefix = match.path?.value ?? '/'
  if (value === '') return path => path
  // `/api/x` is matched by `/api/` (Kuma's two routes): the slash is part of what is replaced.
  const inside = match.path?.type === 'segments' ? `${prefix}/` : prefix
  return path => (path.startsWith(inside) ? value + path.slice(inside.length) : value)
}

function hostChange(rewrite: HostRewrite): Change {
  if (rewrite.type === 'value') return () => rewrite.value
  const regex = new Regex(rewrite.pattern)
  return path => regex.replaceAll(path, rewrite.substitution)
}
