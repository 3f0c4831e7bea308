/**
 * Unknown JSON → typed sections, or all violations with their paths. The one place where the data plane looks at
 * what the control plane sent; everything behind it trusts the types. Unknown members are ignored, so that a newer
 * control plane can add optional ones.
 */
import type { Cluster } from './cluster.ts'
import type { IdentityConfig, Trust } from './identity.ts'
import type { InboundListener, OutboundListener } from './listener.ts'
import type { Violation } from './messages.ts'
import type { Sections } from './snapshot.ts'

export type CheckResult =
  | { readonly ok: true; readonly sections: Sections }
  | { readonly ok: false; readonly violations: readonly Violation[] }

/** `raw`: section values by name (see snapshot.ts for the names). */
export function checkSections(raw: Readonly<Record<string, unknown>>): CheckResult {
  const violations: Violation[] = []
  let identity: IdentityConfig | null = null
  const trust = new Map<string, Trust>()
  const listeners = new Map<string, InboundListener | OutboundListener>()
  const clusters = new Map<string, Cluster>()
  for (const [name, value] of Object.entries(raw)) {
    const reader = new Reader(value, name, violations)
    const key = name.slice(name.indexOf('/') + 1)
    if (name === 'identity') identity = readIdentity(reader)
    else if (name.startsWith('trust/')) trust.set(key, readTrust(reader))
    else if (name.startsWith('listener/')) listeners.set(key, readListener(reader))
    else if (name.startsWith('cluster/')) clusters.set(key, readCluster(reader))
    else violations.push({ path: name, message: 'unknown section: this data plane is too old to run it' })
  }
  for (const [key, listener] of listeners) checkReferences(key, listener, clusters, trust, violations)
  for (const [name, cluster] of clusters) {
    if (cluster.tls !== null && !trust.has(cluster.tls.trustDomain)) {
      violations.push({ path: `cluster/${name}.tls.trustDomain`, message: 'no such trust section' })
    }
  }
  return violations.length > 0
    ? { ok: false, violations }
    : { ok: true, sections: { identity, trust, listeners, clusters } }
}

function checkReferences(
  key: string,
  listener: InboundListener | OutboundListener,
  clusters: ReadonlyMap<string, Cluster>,
  trust: ReadonlyMap<string, Trust>,
  violations: Violation[],
): void {
  const path = `listener/${key}`
  if (listener.direction === 'outbound' && !clusters.has(listener.cluster)) {
    violations.push({ path: `${path}.cluster`, message: `no such cluster section: ${listener.cluster}` })
  }
  if (listener.direction === 'inbound' && listener.tls !== null && !trust.has(listener.tls.trustDomain)) {
    violations.push({ path: `${path}.tls.trustDomain`, message: 'no such trust section' })
  }
}

function readIdentity(reader: Reader): IdentityConfig {
  return {
    trustDomain: reader.text('trustDomain'),
    backend: reader.text('backend'),
    uris: reader.texts('uris'),
  }
}

function readTrust(reader: Reader): Trust {
  return { trustDomain: reader.text('trustDomain'), roots: reader.texts('roots') }
}

function readListener(reader: Reader): InboundListener | OutboundListener {
  const address = reader.text('address')
  const port = reader.port('port')
  const protocol = reader.oneOf('protocol', ['http', 'http2', 'tcp'] as const)
  if (reader.oneOf('direction', ['inbound', 'outbound'] as const) === 'outbound') {
    return { direction: 'outbound', address, port, protocol, cluster: reader.text('cluster') }
  }
  const upstream = reader.object('upstream')
  const tls = reader.nullable('tls')
  return {
    direction: 'inbound',
    address,
    port,
    protocol,
    service: reader.text('service'),
    upstream: { address: upstream.text('address'), port: upstream.port('port') },
    tls: tls && {
      trustDomain: tls.text('trustDomain'),
      permission: {
        rules: tls
          .object('permission')
          .list('rules')
          .map(rule => ({
            principals: rule.texts('principals'),
            action: rule.oneOf('action', ['allow', 'deny', 'shadow-deny'] as const),
            policy: rule.text('policy'),
          })),
      },
    },
  }
}

function readCluster(reader: Reader): Cluster {
  const tls = reader.nullable('tls')
  const protocol = reader.optional('protocol', ['http2'] as const)
  return {
    ...(protocol === null ? {} : { protocol }),
    name: reader.text('name'),
    connectTimeoutMs: reader.integer('connectTimeoutMs', 1, 3_600_000),
    endpoints: reader
      .list('endpoints')
      .map(endpoint => ({ address: endpoint.text('address'), port: endpoint.port('port') })),
    tls: tls && {
      sni: tls.text('sni'),
      trustDomain: tls.text('trustDomain'),
      serverIds: tls.texts('serverIds'),
    },
  }
}

/** Reads members of one unknown value; a fault is noted with its path and a harmless value returned. */
class Reader {
  readonly #members: Readonly<Record<string, unknown>>
  readonly #path: string
  readonly #violations: Violation[]

  constructor(value: unknown, path: string, violations: Violation[]) {
    this.#path = path
    this.#violations = violations
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (!isObject) violations.push({ path, message: 'must be an object' })
    this.#members = isObject ? (value as Readonly<Record<string, unknown>>) : {}
  }

  text(name: string): string {
    const value = this.#members[name]
    return typeof value === 'string' ? value : this.#fault(name, 'must be a string', '')
  }

  texts(name: string): readonly string[] {
    const value = this.#members[name]
    const isList = Array.isArray(value) && value.every(item => typeof item === 'string')
    return isList ? value : this.#fault(name, 'must be a list of strings', [])
  }

  integer(name: string, least: number, most: number): number {
    const value = this.#members[name]
    const isInRange = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
    return isInRange ? value : this.#fault(name, `must be an integer from ${least} to ${most}`, least)
  }

  port(name: string): number {
    return this.integer(name, 1, 65_535)
  }

  oneOf<const T extends readonly [string, ...string[]]>(name: string, allowed: T): T[number] {
    const value = this.#members[name]
    const found = allowed.find(one => one === value)
    return found ?? this.#fault(name, `must be one of ${allowed.join(', ')}`, allowed[0])
  }

  /** null: absent. */
  optional<const T extends readonly [string, ...string[]]>(name: string, allowed: T): T[number] | null {
    return this.#members[name] === undefined ? null : this.oneOf(name, allowed)
  }

  object(name: string): Reader {
    return new Reader(this.#members[name], `${this.#path}.${name}`, this.#violations)
  }

  nullable(name: string): Reader | null {
    const value = this.#members[name]
    return value === null || value === undefined ? null : this.object(name)
  }

  list(name: string): readonly Reader[] {
    const value = this.#members[name]
    if (!Array.isArray(value)) return this.#fault(name, 'must be a list', [])
    return value.map((item, index) => new Reader(item, `${this.#path}.${name}[${index}]`, this.#violations))
  }

  #fault<T>(name: string, message: string, instead: T): T {
    this.#violations.push({ path: `${this.#path}.${name}`, message })
    return instead
  }
}
