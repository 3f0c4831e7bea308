/** Every policy of Kuma's documentation can be looked at: it acts on somebody or nobody, and no answer is a fault. */
import t from 'tap'
import type { Kind } from '../../../../cp/kinds/kind.ts'
import { kindByType } from '../../../../cp/kinds/registry.ts'
import { readResource } from '../../../../cp/kinds/validate.ts'
import { send, startApi } from '../../../support/api.ts'
import { dataplaneBody } from '../../../support/inspected-mesh.ts'
import { docsExamples } from '../../../support/kuma-docs.ts'

const run = await startApi({ folder: t.testdir(), insight: () => ({}) })
t.teardown(() => run.close())
const examples = docsExamples().flatMap(({ type, body, name }) => {
  const kind = kindByType(type)
  return kind === undefined || kind.scope === 'Global' || kind.adminOnly ? [] : [{ kind, body, name }]
})
for (const { kind, body, name } of examples) {
  const read = readResource(kind, { ...body, mesh: 'default' }, { mesh: 'default', name })
  if (!read.ok) throw new Error(`${kind.type} ${name}: ${read.title}`)
  await run.store.commit([{ op: 'put', resource: read.draft }])
}
const gateway = {
  networking: { address: '10.0.0.9', gateway: { type: 'BUILTIN', tags: { 'kuma.io/service': 'edge' } } },
}
const own: Readonly<Record<string, object>> = {
  'a-sidecar': dataplaneBody('web', { calls: ['backend'] }),
  'a-gateway': gateway,
}
for (const [name, spec] of Object.entries(own)) {
  await run.store.commit([
    { op: 'put', resource: { type: 'Dataplane', mesh: 'default', name, labels: {}, spec } },
  ])
}
const statusOf = async (path: string): Promise<number> =>
  (await send('GET', `${run.http}/meshes/default/${path}`)).status

t.test('each policy tells its data planes', async t => {
  const policies = examples.filter(({ kind }) => kind.isPolicy)
  t.ok(policies.length > 50, `${policies.length} policies`)
  for (const { kind, name } of policies) {
    t.equal(await statusOf(`${kind.path}/${name}/_resources/dataplanes`), 200, `${kind.type} ${name}`)
    if (hasPlaces(kind))
      t.equal(await statusOf(`${kind.path}/${name}/dataplanes`), 200, `${kind.type} ${name}`)
  }
})

t.test('each data plane tells its policies', async t => {
  const documented = examples.filter(({ kind }) => kind.type === 'Dataplane').map(({ name }) => name)
  const paths = ['policies', 'rules', '_rules', '_config?shadow=true&include=diff', '_outbounds']
  for (const name of [...Object.keys(own), ...documented]) {
    for (const path of paths) t.equal(await statusOf(`dataplanes/${name}/${path}`), 200, `${name} ${path}`)
  }
})

t.test('each gateway and service tells its data planes', async t => {
  for (const { kind, name } of examples) {
    const paths: Readonly<Record<string, readonly string[]>> = {
      MeshGateway: ['dataplanes', '_rules'],
      MeshGatewayRoute: ['dataplanes'],
      MeshService: ['_dataplanes', '_resources/dataplanes', '_hostnames'],
      MeshExternalService: ['_hostnames'],
      MeshMultiZoneService: ['_hostnames'],
    }
    for (const path of paths[kind.type] ?? []) {
      t.equal(await statusOf(`${kind.path}/${name}/${path}`), 200, `${kind.type} ${name} ${path}`)
    }
  }
})

/** Not of virtual outbounds, which are for the mesh. */
function hasPlaces({ type }: Kind): boolean {
  return type !== 'VirtualOutbound'
}
