/** Renderings of one resource: universal and Kubernetes (kuma-api 1.7). */
import t from 'tap'
import { type Reply, type SendOptions, send, startApi } from '../../support/api.ts'

const run = await startApi({ folder: t.testdir() })
t.teardown(() => run.close())
const to = (method: string, path: string, options: SendOptions = {}): Promise<Reply> =>
  send(method, `${run.http}${path}`, options)

t.test('renders a Kubernetes manifest on request, and knows no other format', async t => {
  const wrong = await to('GET', '/meshes/default?format=xml')
  t.match(wrong, {
    status: 400,
    json: {
      invalid_parameters: [
        { field: '', reason: '"format" must be one of ["k8s", "kubernetes", "universal"]' },
      ],
    },
  })
  t.equal((await to('GET', '/meshes/default?format=universal')).status, 200)
  for (const format of ['k8s', 'kubernetes']) {
    t.match(JSON.parse((await to('GET', `/meshes/default?format=${format}`)).text), {
      kind: 'Mesh',
      apiVersion: 'kuma.io/v1alpha1',
      metadata: { name: 'default', namespace: undefined, creationTimestamp: /^[-0-9]+T[0-9:]+Z$/ },
      spec: {},
    })
  }
  const permission = {
    type: 'MeshTrafficPermission',
    mesh: 'default',
    name: 'shown',
    labels: { team: 'a' },
    spec: { from: [{ targetRef: { kind: 'Mesh' }, default: { action: 'Allow' } }] },
  }
  await to('PUT', '/meshes/default/meshtrafficpermissions/shown', { body: permission })
  const manifest = await to('GET', '/meshes/default/meshtrafficpermissions/shown?format=k8s')
  t.match(manifest.json, {
    kind: 'MeshTrafficPermission',
    metadata: { name: 'shown', namespace: 'kuma-system' },
    spec: permission.spec,
  })
  t.same((manifest.json as { metadata: { labels: object } }).metadata.labels, {
    'kuma.io/mesh': 'default',
    team: 'a',
  })
  t.equal((await to('DELETE', '/meshes/default/meshtrafficpermissions/shown')).status, 200)
})
