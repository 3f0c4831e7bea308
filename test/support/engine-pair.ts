/**
 * Two engines in this process as on two machines: `web` with an outbound, `backend` with an inbound in front of an
 * application, mesh TLS between them.
 */
import { type Logger, silentLogger } from '#base/log.ts'
import type { InboundListener, Permission, Protocol } from '#contract/listener.ts'
import { createEngine, type LocalEngine } from '../../dp/apply/applier.ts'
import type { Engine } from '../../dp/apply/engine.ts'
import type { Limits } from '../../dp/codec/limits.ts'
import { makeIdentity, makeMeshCa, type TestCa } from './certificates.ts'
import { freePorts } from './ports.ts'
import { aCluster, anInbound, anOutbound, aSnapshot, type SnapshotParts, trustOf } from './snapshots.ts'

export interface EnginePair {
  readonly ca: TestCa
  readonly web: LocalEngine
  readonly backend: LocalEngine
  /** Where applications call. */
  readonly outPort: number
  readonly inPort: number
  /** The inbound as it runs first; `change` replaces parts of it. */
  readonly inbound: InboundListener
  /** `ca`: whose roots the inbound trusts from then on. */
  changeInbound(change: Partial<InboundListener> & { permission?: Permission }, ca?: TestCa): Promise<void>
}

interface Teardown {
  teardown(end: () => Promise<void> | void): void
}

export interface PairOptions {
  readonly appPort: number
  /** Of the inbound; an outbound understands either form of HTTP. */
  readonly protocol?: Protocol
  readonly permission?: Permission
  readonly limits?: Partial<Limits>
  /** Of both engines; they say nothing where it is left out. */
  readonly log?: Logger
}

/** Both engines are drained when the test ends. */
export async function startPair(t: Teardown, options: PairOptions): Promise<EnginePair> {
  const { appPort, protocol = 'http', permission, limits = {}, log } = options
  const [outPort = 0, inPort = 0] = await freePorts(2)
  const ca = await makeMeshCa()
  const web = anEngine(t, limits, log)
  const backend = anEngine(t, limits, log)
  web.setIdentity(await makeIdentity(ca, { service: 'web' }))
  backend.setIdentity(await makeIdentity(ca, { service: 'backend' }))
  const inbound = anInbound(inPort, appPort, { protocol, ...(permission ? { permission } : {}) })
  const apply = (section: InboundListener, trusted = ca) =>
    mustApply(backend, { listeners: [section], trust: [trustOf(trusted)] })
  await apply(inbound)
  await mustApply(web, {
    listeners: [anOutbound(outPort, 'backend', { protocol: protocol === 'tcp' ? 'tcp' : 'http' })],
    clusters: [aCluster('backend', [inPort])],
    trust: [trustOf(ca)],
  })
  return {
    ca,
    web,
    backend,
    outPort,
    inPort,
    inbound,
    changeInbound: (change, trusted) => apply(anInbound(inPort, appPort, { protocol, ...change }), trusted),
  }
}

/** Drained when the test ends. */
export function anEngine(t: Teardown, limits: Partial<Limits> = {}, log = silentLogger()): LocalEngine {
  const engine = createEngine({ log, limits })
  t.teardown(() => engine.drain(0))
  return engine
}

/** Throws when the snapshot is refused. */
export async function mustApply(engine: Engine, parts: SnapshotParts): Promise<void> {
  const result = await engine.apply(aSnapshot(parts))
  if (!result.ok) throw new Error(JSON.stringify(result.violations))
}
