/** A link to a fake control plane: started, and gone when the test ends. */
import { silentLogger } from '#base/log.ts'
import type { Snapshot } from '#contract/snapshot.ts'
import type { LinkFault } from '../../dp/link/fault.ts'
import { Link, type LinkOptions } from '../../dp/link/link.ts'
import { FakeControlPlane } from './fake-control-plane.ts'

export interface Started {
  readonly cp: FakeControlPlane
  readonly link: Link
  readonly applied: readonly Snapshot[]
  readonly faults: readonly LinkFault[]
  fault(): Promise<void>
  connected(): Promise<void>
}

export async function startLink(
  t: import('tap').Test,
  options: Partial<LinkOptions> & { readonly onWait?: (ms: number) => void } = {},
  cp?: FakeControlPlane,
): Promise<Started> {
  const fake = cp ?? (await FakeControlPlane.start())
  const applied: Snapshot[] = []
  const faults: LinkFault[] = []
  const faulted = Promise.withResolvers<void>()
  const connected = Promise.withResolvers<void>()
  const link = new Link({
    address: fake.url,
    mesh: 'default',
    name: 'web-1',
    ca: fake.caPem,
    checkPin: null,
    readToken: async () => 'token',
    hello: { instance: 'vm-1', incarnation: 1, dataplane: null, dpVersion: '0', features: [], host: 'vm' },
    stored: null,
    log: silentLogger(),
    apply: async snapshot => {
      applied.push(snapshot)
      return { ok: true }
    },
    answer: () => ({ version: '', sections: {} }),
    onFault: fault => {
      faults.push(fault)
      faulted.resolve()
    },
    onConnected: () => connected.resolve(),
    timing: { leastMs: 10 },
    ...options,
  })
  link.start()
  t.teardown(async () => {
    await link.stop()
    await fake.close()
  })
  return { cp: fake, link, applied, faults, fault: () => faulted.promise, connected: () => connected.promise }
}
