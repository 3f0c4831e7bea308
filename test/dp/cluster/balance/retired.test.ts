/** A cluster that is gone has no endpoints, however it was balanced: whoever still holds it is told so. */
import t from 'tap'
import { silentLogger } from '#base/log.ts'
import { Cluster } from '../../../../dp/cluster/cluster.ts'
import { Deadlines } from '../../../../dp/codec/deadlines.ts'
import { DEFAULT_LIMITS } from '../../../../dp/codec/limits.ts'
import { MeshTls } from '../../../../dp/tls/mesh-tls.ts'
import { aCluster } from '../../../support/snapshots.ts'

t.test('a retired cluster has no endpoint for anybody', async t => {
  for (const balancer of [undefined, { type: 'random' }, { type: 'maglev', size: 7 }] as const) {
    const config = aCluster('app', [1, 2], { tls: null, ...(balancer !== undefined && { balancer }) })
    const cluster = new Cluster(config, {
      limits: DEFAULT_LIMITS,
      log: silentLogger(),
      deadlines: new Deadlines(),
      tls: new MeshTls(DEFAULT_LIMITS),
      onHealth() {},
      cells: (_name, count) => new Int32Array(count),
      checksHealth: true,
    })
    cluster.retire()
    const told: string[] = []
    const stream = cluster.acquire(
      { isWanted: true, onStream: () => told.push('stream'), onNoStream: reason => told.push(reason) },
      false,
      1,
    )
    t.equal(stream, null)
    t.same(told, ['no-healthy-endpoint'])
  }
})
