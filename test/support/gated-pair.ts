/** Two engines with a gate between them, which counts their connections and stops what is on its way. */
import { type EnginePair, mustApply, type PairOptions, startPair } from './engine-pair.ts'
import { type Gate, startGate } from './gate.ts'
import { aCluster, anOutbound, clusterTls, trustOf } from './snapshots.ts'

type Teardown = Parameters<typeof startPair>[0]

export interface GatedPair {
  readonly pair: EnginePair
  readonly gate: Gate
  /** Web's snapshot again, by other roots or names. */
  apply(serverIds?: readonly string[]): Promise<void>
}

/** A pair whose mesh connections go through a gate that counts them, and can hold what callers send. */
export async function startGated(t: Teardown, options: PairOptions): Promise<GatedPair> {
  const pair = await startPair(t, options)
  const gate = await startGate(pair.inPort, Number.POSITIVE_INFINITY)
  t.teardown(gate.close)
  const { protocol = 'http' } = options
  const apply = (serverIds = clusterTls('backend').serverIds) =>
    mustApply(pair.web, {
      listeners: [anOutbound(pair.outPort, 'gated', { protocol: protocol === 'tcp' ? 'tcp' : 'http' })],
      clusters: [aCluster('gated', [gate.port], { tls: { ...clusterTls('backend'), serverIds } })],
      trust: [trustOf(pair.ca)],
    })
  await apply()
  return { pair, gate, apply }
}
