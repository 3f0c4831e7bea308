/** Promises of cp/match/legacy: Kuma's worked examples, L1 to L4, and the rules behind them. */
import t from 'tap'
import type { Resource } from '../../../cp/kinds/kind.ts'
import { inboundsOf } from '../../../cp/kinds/proxy/dataplane.ts'
import {
  calledServices,
  dataplanePolicy,
  inboundPolicies,
  inboundPolicy,
  outboundPolicy,
} from '../../../cp/match/legacy/connection.ts'
import { compareRanks, rankOf } from '../../../cp/match/legacy/selector.ts'
import type { MeshView } from '../../../cp/match/view.ts'
import { aDataplane, resource } from '../../support/resources.ts'

type Tags = Readonly<Record<string, string>>
const SERVICE = 'kuma.io/service'

function policy(
  type: string,
  name: string,
  hour: number,
  sources: Tags[],
  destinations: Tags[],
  conf = {},
): Resource {
  const creationTime = `2026-01-01T${String(hour).padStart(2, '0')}:00:00Z`
  const selectors = (all: Tags[]): object[] => all.map(match => ({ match }))
  const spec = { sources: selectors(sources), destinations: selectors(destinations), conf }
  return { ...resource(type, 'default', name, spec), creationTime }
}

function viewOf(policies: readonly Resource[]): MeshView {
  const of = (type: string): Resource[] => policies.filter(one => one.type === type)
  return { policies: of, resources: of } as Partial<MeshView> as MeshView
}

t.test('a tag map matches when each of its keys does', async t => {
  const tags = { [SERVICE]: 'web', version: '1' }
  t.same(rankOf({}, tags), { exact: 0, wildcard: 0 })
  t.same(rankOf({ [SERVICE]: 'web', version: '*' }, tags), { exact: 1, wildcard: 1 })
  t.equal(rankOf({ [SERVICE]: 'we*' }, tags), null)
  t.equal(rankOf({ zone: '*' }, tags), null)
  t.equal(rankOf({ toString: '*' }, tags), null)
})

t.test('more keys are more specific, then more values', async t => {
  t.ok(compareRanks({ exact: 0, wildcard: 2 }, { exact: 1, wildcard: 0 }) > 0)
  t.ok(compareRanks({ exact: 1, wildcard: 0 }, { exact: 0, wildcard: 1 }) > 0)
  t.equal(compareRanks({ exact: 1, wildcard: 1 }, { exact: 1, wildcard: 1 }), 0)
})

t.test('L1: one permission for an inbound, by its destinations alone', async t => {
  const any = [{ [SERVICE]: '*' }]
  const a = policy('TrafficPermission', 'tp-a', 10, any, [{ [SERVICE]: 'api' }])
  const b = policy('TrafficPermission', 'tp-b', 11, [{ [SERVICE]: 'x', v: '1' }], any)
  const c = policy('TrafficPermission', 'tp-c', 9, any, [{ [SERVICE]: 'api', version: '*' }])
  const tags = { [SERVICE]: 'api', version: 'v1' }
  t.equal(inboundPolicy(viewOf([a, b, c]), 'TrafficPermission', tags)?.name, 'tp-c')
  t.equal(inboundPolicy(viewOf([a, b]), 'TrafficPermission', tags)?.name, 'tp-a')
  t.equal(inboundPolicy(viewOf([c]), 'TrafficPermission', { [SERVICE]: 'api' }), undefined)
})

t.test('L2: of equals the one created last wins, then the name that sorts first', async t => {
  const any = [{ [SERVICE]: '*' }]
  const old = { ...policy('TrafficPermission', 'a', 10, any, any), modificationTime: '2027-01-01T00:00:00Z' }
  const young = policy('TrafficPermission', 'y', 11, any, any)
  const twin = policy('TrafficPermission', 'x', 11, any, any)
  t.equal(inboundPolicy(viewOf([old, young]), 'TrafficPermission', { [SERVICE]: 'api' })?.name, 'y')
  t.equal(inboundPolicy(viewOf([young, old, twin]), 'TrafficPermission', { [SERVICE]: 'api' })?.name, 'x')
})

t.test('L3: source and destination add up for outgoing calls', async t => {
  const web = aDataplane('web-1', { service: 'web', tags: { 'kuma.io/zone': 'east' } })
  const backend = [{ [SERVICE]: 'backend' }]
  const any = [{ [SERVICE]: '*' }]
  const all = policy('Timeout', 't-all', 10, any, any)
  const ofWeb = policy('Timeout', 't-web', 10, [{ [SERVICE]: 'web' }], any)
  const east = policy('Timeout', 't-east', 10, [{ [SERVICE]: '*', 'kuma.io/zone': 'east' }], backend)
  const name = (policies: Resource[], service: string): string | undefined =>
    outboundPolicy(viewOf(policies), 'Timeout', web, service)?.name
  t.equal(name([all, ofWeb, east], 'backend'), 't-east')
  t.equal(name([all, ofWeb], 'backend'), 't-web')
  t.equal(name([all, ofWeb, east], 'other'), 't-web')
  t.equal(name([policy('Timeout', 'x', 1, [{ [SERVICE]: 'db' }], any)], 'backend'), undefined)
})

t.test('L4: rate limits and faults all act, the most specific source first', async t => {
  const api = aDataplane('api-1', { service: 'api' })
  const [inbound] = inboundsOf(api.spec)
  if (inbound === undefined) throw new Error('no inbound')
  const to = [{ [SERVICE]: 'api' }]
  const wide = policy('RateLimit', 'r2', 12, [{ [SERVICE]: '*' }], to)
  const narrow = policy('RateLimit', 'r1', 10, [{ [SERVICE]: 'web', 'kuma.io/zone': 'east' }], to)
  const other = policy('RateLimit', 'r3', 10, [{ [SERVICE]: 'web' }], [{ [SERVICE]: 'db' }])
  t.same(
    inboundPolicies(viewOf([wide, narrow, other]), 'RateLimit', inbound).map(({ name }) => name),
    ['r1', 'r2'],
  )
})

t.test('policies for whole data planes: the best selector, or none at all', async t => {
  const web = aDataplane('web-1', { service: 'web' })
  const trace = (name: string, selectors: object[]): Resource =>
    resource('TrafficTrace', 'default', name, { selectors })
  const all = trace('all', [])
  const any = trace('any', [{ match: { [SERVICE]: '*' } }])
  const ofWeb = trace('of-web', [{ match: { [SERVICE]: 'web' } }])
  const name = (...policies: Resource[]): string | undefined =>
    dataplanePolicy(viewOf(policies), 'TrafficTrace', web)?.name
  t.equal(name(all, any, ofWeb), 'of-web')
  t.equal(name(all, any), 'any')
  t.equal(name(all), 'all')
  t.equal(name(trace('db', [{ match: { [SERVICE]: 'db' } }])), undefined)
})

t.test('a data plane calls its outbounds and where routes send those calls', async t => {
  const web = aDataplane('web-1', { service: 'web', calls: ['backend', 'plain'] })
  const any = [{ [SERVICE]: '*' }]
  const split = { split: [{ destination: { [SERVICE]: 'backend-v2' } }, { destination: { [SERVICE]: '*' } }] }
  const route = policy('TrafficRoute', 'r', 10, any, [{ [SERVICE]: 'backend' }], split)
  t.same(calledServices(viewOf([route]), web), ['backend', 'backend-v2', 'plain'])
  t.same(calledServices(viewOf([]), web), ['backend', 'plain'])
})
