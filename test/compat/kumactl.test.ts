/**
 * The requests of the real kumactl 2.5 and 2.14, replayed: add the control plane, apply, get and delete every kind, inspect,
 * tokens, export. Nothing may be an error for either, and the answers hold what its tables read (kuma-api 2, 9).
 */
import t, { type Test } from 'tap'
import type { Kind } from '../../cp/kinds/kind.ts'
import { kinds } from '../../cp/kinds/registry.ts'
import { send, startApi } from '../support/api.ts'
import { docsExamples } from '../support/kuma-docs.ts'
import { type Item, Kumactl, type KumactlVersion } from '../support/kumactl.ts'
import { partOf } from '../support/tokens.ts'

const VERSIONS: readonly KumactlVersion[] = ['2.5', '2.14']
/** kumactl sends the headers of its configuration with every request. */
const HEADERS = { 'x-vmesh-accept-unenforced': 'true' }
const written = kinds.filter(kind => !kind.readOnly)
const examples = docsExamples()

const pathOf = (kind: Kind, path: string, mesh: string, name?: string): string =>
  `${kind.scope === 'Mesh' ? `/meshes/${mesh}` : ''}/${path}${name === undefined ? '' : `/${name}`}`
/** ZoneIngress was `zone-ingresses` until 2.10. */
const segmentOf = (kind: Kind, version: KumactlVersion): string =>
  kind.type === 'ZoneIngress' && version === '2.5' ? 'zone-ingresses' : kind.path

async function fresh(t: Test, version: KumactlVersion): Promise<{ kumactl: Kumactl; http: string }> {
  const run = await startApi({ folder: t.testdir() })
  t.teardown(() => run.close())
  return { kumactl: new Kumactl(version, run.http, HEADERS), http: run.http }
}

for (const version of VERSIONS) {
  t.test(`kumactl ${version} adds the control plane without a token and warns of nothing`, async t => {
    const run = await startApi({
      folder: t.testdir(),
      settings: { 'apiServer.authn.localhostIsAdmin': 'false' },
    })
    t.teardown(() => run.close())
    t.equal(await new Kumactl(version, run.http).handshake(), null)
  })

  t.test(`kumactl ${version} applies, gets and deletes every kind`, async t => {
    const { kumactl } = await fresh(t, version)
    for (const kind of written) {
      const own = examples.filter(({ type }) => type === kind.type)
      t.ok(own.length > 0, `there are examples of ${kind.type}`)
      for (const { place, mesh, name, body } of own) {
        const path = pathOf(kind, segmentOf(kind, version), mesh, name)
        const isThere = (await kumactl.ask('GET', path)).status === 200
        t.same((await kumactl.apply(path, body)).created, !isThere, place)
        t.same((await kumactl.apply(path, body)).created, false, `${place} again`)
        const item = await kumactl.get(path)
        t.match(item, { type: kind.type, name })
        // get -o yaml | apply -f -
        t.same((await kumactl.apply(path, item)).created, false, `${place} as it was read`)
      }
      const { mesh = 'default', name } = own[0] ?? {}
      const list = await kumactl.list(pathOf(kind, segmentOf(kind, version), mesh || 'default'))
      t.ok(
        list.items.some(item => item['name'] === name),
        `${kind.type} is in its list`,
      )
    }
    const order = [...examples].reverse().filter(({ type, name }) => !(type === 'Mesh' && name === 'default'))
    for (const { place, type, mesh, name } of order) {
      const kind = written.find(one => one.type === type)
      if (kind === undefined) return t.fail(place)
      const path = pathOf(kind, segmentOf(kind, version), mesh, name)
      await kumactl.delete(path)
      await t.rejects(kumactl.get(path), { message: 'Could not retrieve a resource (Not found)' }, place)
      await t.rejects(kumactl.delete(path), { message: 'Could not delete a resource (Not found)' })
    }
  })

  t.test(`kumactl ${version} inspects data planes, meshes, services and zones`, async t => {
    const { kumactl } = await fresh(t, version)
    for (const name of ['web-1', 'web-2']) {
      await kumactl.apply(`/meshes/default/dataplanes/${name}`, {
        type: 'Dataplane',
        mesh: 'default',
        name,
        networking: {
          address: '10.0.0.1',
          inbound: [{ port: 80, servicePort: 8080, tags: { 'kuma.io/service': 'web' } }],
          outbound: [{ port: 1000, tags: { 'kuma.io/service': 'web' } }],
        },
      })
    }
    const dataplanes = {
      '2.5': '/meshes/default/dataplanes+insights?gateway=false&ingress=false&tag=kuma.io/service:web',
      '2.14': '/meshes/default/dataplanes/_overview?gateway=false&tag=kuma.io%2Fservice%3Aweb',
    }
    const [first = {}, ...others] = (await kumactl.list(dataplanes[version])).items
    t.equal(others.length, 1)
    t.match(first, {
      type: 'DataplaneOverview',
      mesh: 'default',
      name: 'web-1',
      dataplane: { networking: { inbound: [{ tags: { 'kuma.io/service': 'web' } }] } },
    })
    const meshes = await kumactl.list('/mesh-insights')
    t.match(meshes.items, [{ name: 'default', dataplanes: { total: 2, offline: 2 } }])
    const services = await kumactl.list('/meshes/default/service-insights')
    t.match(services.items, [{ name: 'web', status: 'offline', dataplanes: { total: 2 } }])
    await kumactl.apply('/zones/default', { type: 'Zone', name: 'default' })
    const zones = await kumactl.list(version === '2.5' ? '/zones+insights' : '/zones/_overview')
    t.match(zones.items, [{ name: 'default', zone: {} }])
    const zoneProxies =
      version === '2.5'
        ? ['/zoneingresses+insights', '/zoneegressoverviews']
        : ['/zoneingresses/_overview', '/zoneegresses/_overview']
    for (const path of zoneProxies) t.same((await kumactl.list(path)).items, [], path)
  })

  t.test(`kumactl ${version} inspects policies and what is matched`, async t => {
    const { kumactl } = await fresh(t, version)
    await kumactl.apply('/meshes/default/dataplanes/web-1', {
      type: 'Dataplane',
      mesh: 'default',
      name: 'web-1',
      networking: {
        address: '10.0.0.1',
        inbound: [
          { port: 80, servicePort: 8080, tags: { 'kuma.io/service': 'web', 'kuma.io/protocol': 'http' } },
        ],
        outbound: [{ port: 1000, tags: { 'kuma.io/service': 'db' } }],
      },
    })
    await kumactl.apply('/meshes/default/meshtimeouts/mt', {
      type: 'MeshTimeout',
      mesh: 'default',
      name: 'mt',
      spec: {
        targetRef: { kind: 'Mesh' },
        to: [{ targetRef: { kind: 'Mesh' }, default: { idleTimeout: '7s' } }],
      },
    })
    await kumactl.apply('/meshes/default/traffic-permissions/tp', {
      type: 'TrafficPermission',
      mesh: 'default',
      name: 'tp',
      sources: [{ match: { 'kuma.io/service': '*' } }],
      destinations: [{ match: { 'kuma.io/service': 'web' } }],
    })
    const { json: matched } = await kumactl.ask('GET', '/meshes/default/dataplanes/web-1/policies')
    t.match(matched, { kind: 'SidecarDataplane', total: Number, items: Array })
    const types = ((matched as { items: Item[] }).items ?? []).flatMap(({ matchedPolicies }) =>
      Object.keys(matchedPolicies as object),
    )
    t.same(types.sort(), ['MeshTimeout', 'TrafficPermission'])
    t.match((await kumactl.ask('GET', '/meshes/default/meshtimeouts/mt/dataplanes')).json, {
      total: 1,
      items: [
        {
          kind: 'SidecarDataplane',
          dataplane: { mesh: 'default', name: 'web-1' },
          attachments: [{ type: 'dataplane' }],
        },
      ],
    })
    t.match((await kumactl.ask('GET', '/meshes/default/traffic-permissions/tp/dataplanes')).json, {
      total: 1,
      items: [{ attachments: [{ type: 'inbound', name: '10.0.0.1:80:8080', service: 'web' }] }],
    })
    // --new-api asks with a dash
    for (const sign of ['_', '-']) {
      t.match(
        (await kumactl.ask('GET', `/meshes/default/meshtimeouts/mt/${sign}resources/dataplanes`)).json,
        {
          total: 1,
          items: [{ type: 'Dataplane', mesh: 'default', name: 'web-1' }],
        },
      )
    }
    // the real one has no such command for these
    const policies = kinds.filter(
      ({ isPolicy, type }) => isPolicy && type !== 'VirtualOutbound' && type !== 'MeshGatewayRoute',
    )
    for (const kind of policies) {
      const reply = await kumactl.ask('GET', `/meshes/default/${kind.path}/none/dataplanes`)
      t.match(reply, { status: 200, json: { total: 0, items: [] } }, `inspect ${kind.singular} none`)
    }
  })

  t.test(`kumactl ${version} generates tokens`, async t => {
    const { kumactl } = await fresh(t, version)
    const dataplane = await kumactl.token('/tokens/dataplane', {
      name: 'web-1',
      mesh: 'default',
      tags: { 'kuma.io/service': ['web'] },
      type: 'dataplane',
      validFor: '24h0m0s',
      ...(version === '2.14' ? { workload: '' } : {}),
    })
    t.match(partOf(dataplane, 'claims'), { Name: 'web-1', Mesh: 'default' })
    const user = await kumactl.token('/tokens/user', { name: 'ann', groups: ['a'], validFor: '24h0m0s' })
    t.match(partOf(user, 'claims'), { Name: 'ann', Groups: ['a'] })
    const zone = await kumactl.token('/tokens/zone', {
      zone: 'east',
      scope: ['ingress', 'egress'],
      validFor: '1h0m0s',
    })
    t.match(partOf(zone, 'claims'), { Zone: 'east' })
    await t.rejects(kumactl.token('/tokens/user', { name: '', validFor: '' }), {
      message:
        /^Invalid request \(Resource is not valid\)\n\* name: cannot be empty\n\* validFor: cannot be empty/,
    })
  })
}

t.test('kumactl 2.14 exports everything that it finds', async t => {
  const { kumactl, http } = await fresh(t, '2.14')
  for (const { type, mesh, name, body } of examples) {
    const kind = written.find(one => one.type === type)
    if (kind !== undefined) await kumactl.apply(pathOf(kind, kind.path, mesh, name), body)
  }
  const { resources } = (await kumactl.ask('GET', '/_resources')).json as { resources: readonly Item[] }
  const meshes = await kumactl.list('/meshes')
  const found = new Set<string>()
  for (const { name: type, path, scope, readOnly, includeInFederation } of resources) {
    if (readOnly === true) continue
    t.type(includeInFederation, 'boolean')
    const parents = scope === 'Mesh' ? meshes.items.map(({ name }) => `/meshes/${name}`) : ['']
    for (const parent of parents) {
      // without a size
      for (const { name } of (await kumactl.list(`${parent}/${path}`)).items) {
        found.add(`${type}/${name}`)
        const manifest = await send('GET', `${http}${parent}/${path}/${name}?format=kubernetes`)
        t.match(manifest.json, { kind: type, apiVersion: 'kuma.io/v1alpha1', metadata: { name } })
      }
    }
  }
  for (const { type, name } of examples) t.ok(found.has(`${type}/${name}`), `${type}/${name}`)
})
