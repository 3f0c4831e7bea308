/**
 * Every row of the index of endpoints (kuma-api 1.12), asked on a control plane with some resources: it is there, and
 * the answer has the keys that kumactl (2.7) and the GUI (3.3) read without looking whether they are there.
 */
import t from 'tap'
import { send, startApi } from '../support/api.ts'
import { kindNamed } from '../support/bodies.ts'
import { docsExamples } from '../support/kuma-docs.ts'

const run = await startApi({ folder: t.testdir() })
t.teardown(() => run.close())
const headers = { 'x-vmesh-accept-unenforced': 'true' }
for (const { type, mesh, name, body } of docsExamples()) {
  const { scope, path } = kindNamed(type)
  const url = `${run.http}${scope === 'Mesh' ? `/meshes/${mesh}` : ''}/${path}/${name}`
  const { status, text } = await send('PUT', url, { headers, body })
  if (status !== 200 && status !== 201) throw new Error(text)
}
const nameOf = async (path: string): Promise<string> => {
  const { json } = await send('GET', `${run.http}/meshes/default/${path}`)
  return (json as { items: { name: string }[] }).items[0]?.name ?? 'none'
}
const dataplane = await nameOf('dataplanes')
const timeout = await nameOf('meshtimeouts')
const gateway = await nameOf('meshgateways')
const service = await nameOf('meshservices')

const LIST = ['total', 'items', 'next']
const proxy = `/meshes/default/dataplanes/${dataplane}`
const PATHS: readonly (readonly [path: string, status: number, keys: readonly string[]])[] = [
  ['/', 200, ['hostname', 'tagline', 'product', 'version', 'instanceId', 'clusterId', 'gui']],
  [
    '/config',
    200,
    ['mode', 'store', 'environment', 'apiServer', 'multizone', 'experimental', 'ipam', 'policies'],
  ],
  ['/policies', 200, ['policies']],
  ['/_resources', 200, ['resources']],
  ['/who-am-i', 200, ['name', 'groups']],
  ['/status/zones', 200, []],
  ['/global-insights', 200, ['type', 'creationTime', 'resources']],
  [
    '/global-insight',
    200,
    ['createdAt', 'services', 'zones', 'dataplanes', 'policies', 'meshes', 'resources'],
  ],
  ['/meshes', 200, LIST],
  ['/meshes/default', 200, ['type', 'name', 'creationTime', 'modificationTime']],
  ['/dataplanes', 200, LIST],
  ['/meshes/default/dataplanes', 200, LIST],
  [proxy, 200, ['type', 'mesh', 'name', 'networking', 'labels', 'kri']],
  ...['zones', 'zone-ingresses', 'zoneingresses', 'zoneegresses', 'global-secrets', 'globalsecrets'].map(
    path => [`/${path}`, 200, LIST] as const,
  ),
  ...['hostnamegenerators', 'access-roles', 'access-role-bindings', 'accessaudits'].map(
    path => [`/${path}`, 200, LIST] as const,
  ),
  ...['opa-policies', 'meshopas', 'meshglobalratelimits', 'secrets', 'external-services', 'workloads'].map(
    path => [`/meshes/default/${path}`, 200, LIST] as const,
  ),
  ...['dataplanes/_overview', 'dataplanes+insights', 'zones/_overview', 'zones+insights'].map(
    path => [`/${path}`, 200, LIST] as const,
  ),
  ...[
    'zone-ingresses/_overview',
    'zoneingresses+insights',
    'zoneegresses/_overview',
    'zoneegressoverviews',
  ].map(path => [`/${path}`, 200, LIST] as const),
  [`${proxy}/_overview`, 200, ['dataplane', 'dataplaneInsight']],
  [`/meshes/default/dataplanes%2Binsights/${dataplane}`, 200, ['dataplane', 'dataplaneInsight']],
  ['/mesh-insights', 200, LIST],
  [
    '/mesh-insights/default',
    200,
    ['dataplanes', 'dataplanesByType', 'services', 'dpVersions', 'mTLS', 'resources'],
  ],
  ['/service-insights', 200, LIST],
  ['/meshes/default/service-insights', 200, LIST],
  ...['dataplane-insights', 'zone-insights', 'zone-ingress-insights', 'zoneegressinsights'].map(
    path => [`/${path}`, 200, LIST] as const,
  ),
  [`${proxy}/policies`, 200, ['kind', 'total', 'items']],
  [`${proxy}/rules`, 200, ['total', 'items']],
  [`${proxy}/_rules`, 200, ['resource', 'rules', 'httpMatches']],
  [`/meshes/default/meshgateways/${gateway}/_rules`, 200, ['resource', 'rules', 'httpMatches']],
  // it never connected
  [`${proxy}/_config`, 404, ['title']],
  ...['xds', 'stats', 'clusters'].map(what => [`${proxy}/${what}`, 500, ['title']] as const),
  [`${proxy}/_layout`, 400, ['title', 'detail']],
  [`${proxy}/_policies`, 400, ['title', 'detail']],
  [`/meshes/default/meshtimeouts/${timeout}/dataplanes`, 200, ['total', 'items']],
  [`/meshes/default/meshgateways/${gateway}/dataplanes`, 200, ['total', 'items']],
  [`/meshes/default/meshtimeouts/${timeout}/_resources/dataplanes`, 200, ['total', 'items']],
  [`/meshes/default/meshtimeouts/${timeout}/-resources/dataplanes`, 200, ['total', 'items']],
  [`/meshes/default/meshservices/${service}/_dataplanes`, 200, ['total', 'items']],
  [`/meshes/default/meshservices/${service}/_hostnames`, 200, ['total', 'items']],
  ['/_kri/kri_m____default_', 200, ['type', 'kri']],
  ['/openapi.json', 200, ['openapi', 'paths', 'components']],
]

for (const [path, expected, keys] of PATHS) {
  t.test(`GET ${path}: ${expected}`, async t => {
    const { status, headers: answered, json, text } = await send('GET', `${run.http}${path}`)
    t.equal(status, expected, text.slice(0, 300))
    t.match(answered['content-type'], /^application\/json/)
    for (const key of keys) t.ok(Object.hasOwn(json as object, key), `has ${key}`)
  })
}

t.test('pages of the GUI, and other methods than the route knows', async t => {
  t.match(await send('GET', `${run.http}/gui/`), { status: 200, headers: { 'content-type': /^text\/html/ } })
  for (const path of ['/meshes', '/tokens/user', '/config']) {
    t.match(await send('PATCH', `${run.http}${path}`), { status: 405, text: '405: Method Not Allowed' }, path)
  }
  t.match(await send('GET', `${run.http}/versions`), { status: 404, text: '404: Page Not Found' })
})
