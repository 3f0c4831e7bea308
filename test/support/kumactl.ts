/**
 * The requests that kumactl makes, and how it reads the answers (kuma-api 2): version check, apply, get, delete, tokens.
 * It throws where the real one stops with an error.
 */
import { type Reply, send } from './api.ts'

export type KumactlVersion = '2.5' | '2.14'

const USER_AGENTS: Readonly<Record<KumactlVersion, string>> = {
  '2.5': 'kumactl/2.5.11 (linux; amd64; Kuma/8b2a5c1)',
  '2.14': 'kumactl/2.14.3 (linux; amd64; Kuma/1f0c99a)',
}
const ZERO_TIME = '0001-01-01T00:00:00Z'

export interface Item {
  readonly [key: string]: unknown
}

export interface List {
  readonly total: number
  readonly items: readonly Item[]
  readonly next: string | null
}

export class Kumactl {
  readonly version: KumactlVersion
  readonly #address: string
  readonly #headers: Readonly<Record<string, string>>

  /** @param headers those of `config control-planes add --headers` */
  constructor(version: KumactlVersion, address: string, headers: Readonly<Record<string, string>> = {}) {
    this.version = version
    this.#address = address
    this.#headers = { accept: 'application/json', 'user-agent': USER_AGENTS[version], ...headers }
  }

  /** `config control-planes add`, and the check before every command: `null`, or what would be warned of. */
  async handshake(): Promise<string | null> {
    const { status, json } = await send('GET', `${this.#address}/`, { headers: this.#headers })
    const index = json as Readonly<Record<string, string>>
    if (status !== 200)
      throw new Error(`provided address is not valid Kuma Control Plane API Server: ${status}`)
    const name = index[this.version === '2.5' ? 'tagline' : 'product']
    if (name !== 'Kuma') throw new Error(`this CLI is for Kuma but the control plane is ${name}`)
    if (index['version']?.includes('preview')) return null
    return `WARNING: You are using kumactl version ${this.version} but the server returned ${index['version']}`
  }

  /** As `apply` does it for one document: read, check what was read, put. */
  async apply(
    path: string,
    body: Item,
  ): Promise<{ readonly created: boolean; readonly warnings: readonly string[] }> {
    const before = await this.ask('GET', path)
    if (before.status !== 200 && before.status !== 404) throw errorOf(before)
    if (before.status === 404 && titleOf(before) === '')
      throw new Error(`a 404 without title: ${before.text}`)
    if (before.status === 200) this.check(before.json as Item)
    const { labels, ...rest } = body
    const meta = { creationTime: ZERO_TIME, modificationTime: ZERO_TIME }
    const sent = { ...rest, ...meta, ...(this.version === '2.5' || labels === undefined ? {} : { labels }) }
    const put = await this.ask('PUT', path, sent)
    if (put.status !== 200 && put.status !== 201) throw errorOf(put)
    const { warnings = [] } = (put.json ?? {}) as { readonly warnings?: readonly string[] }
    return { created: put.status === 201, warnings }
  }

  /** `get TYPE NAME`. */
  async get(path: string): Promise<Item> {
    const reply = await this.ask('GET', path)
    if (reply.status !== 200) throw errorOf(reply)
    this.check(reply.json as Item)
    return reply.json as Item
  }

  /** `get TYPES`: one page; `next` is read as a request's address and only its offset used. */
  async list(path: string): Promise<List> {
    const reply = await this.ask('GET', path)
    if (reply.status !== 200) throw errorOf(reply)
    const list = reply.json as List
    if (typeof list.total !== 'number' || !Array.isArray(list.items))
      throw new Error(`no list: ${reply.text}`)
    if (typeof list.next === 'string' && !/^\d+$/.test(new URL(list.next).searchParams.get('offset') ?? ''))
      throw new Error(`next has no offset: ${list.next}`)
    return list
  }

  /** `delete TYPE NAME`. */
  async delete(path: string): Promise<void> {
    const reply = await this.ask('DELETE', path)
    if (reply.status !== 200) throw errorOf(reply)
  }

  /** `generate dataplane-token|zone-token|user-token`. */
  async token(path: string, body: object): Promise<string> {
    const reply = await this.ask('POST', path, body)
    if (reply.status !== 200) throw errorOf(reply)
    if (!/^text\/plain/.test(String(reply.headers['content-type']))) throw new Error('a token is plain text')
    return reply.text
  }

  /** Plain text, such as statistics. */
  async text(path: string): Promise<string> {
    const reply = await this.ask('GET', path)
    if (reply.status !== 200) throw errorOf(reply)
    return reply.text
  }

  ask(method: string, path: string, body?: object): Promise<Reply> {
    return send(method, `${this.#address}${path}`, {
      headers: { ...this.#headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body }),
    })
  }

  /** What its own types demand of every resource. */
  check(item: Item): void {
    for (const key of ['type', 'name', 'creationTime', 'modificationTime']) {
      if (typeof item[key] !== 'string') throw new Error(`${key} is not text in ${JSON.stringify(item)}`)
    }
    for (const value of Object.values(item['labels'] ?? {})) {
      if (typeof value !== 'string') throw new Error('a label is not text')
    }
  }
}

function titleOf({ json }: Reply): string {
  const { title } = (json ?? {}) as { readonly title?: unknown }
  return typeof title === 'string' ? title : ''
}

/** As it is printed: title, detail, one line for each parameter. */
export function errorOf(reply: Reply): Error {
  const { title, detail, details, invalid_parameters, causes } = (reply.json ?? {}) as {
    readonly title?: string
    readonly detail?: string
    readonly details?: string
    readonly invalid_parameters?: readonly { field: string; reason: string }[]
    readonly causes?: readonly { field: string; message: string }[]
  }
  if (!title) return new Error(`(${reply.status}): ${reply.text}`)
  const faults =
    invalid_parameters?.map(({ field, reason }) => `* ${field}: ${reason}`) ??
    causes?.map(({ field, message }) => `* ${field}: ${message}`) ??
    []
  return new Error([`${title} (${detail ?? details})`, ...faults].join('\n'))
}
