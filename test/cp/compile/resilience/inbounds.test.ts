/** Policies for one inbound act on that one alone, also beside another on the same port of another address. */
import t from 'tap'
import type { InboundListener } from '#contract/listener.ts'
import { Compiled, meshOf } from '../../../support/compiled.ts'
import { aDataplane, resource } from '../../../support/resources.ts'

const RATE = { num: 3, interval: '2s' }
const CONFS: Readonly<Record<string, object>> = {
  MeshTimeout: { http: { requestTimeout: '3s' } },
  MeshRateLimit: { local: { http: { requestRate: RATE } } },
  MeshFaultInjection: { http: [{ delay: { value: '1s', percentage: 5 } }] },
  MeshCircuitBreaker: { connectionLimits: { maxRequests: 3 } },
}

/** What its inbound `one` on 192.168.0.1, or `two` on 192.168.0.2, gets by a policy for `two`. */
function inbounds(type: string, conf: object): readonly InboundListener[] {
  const { spec, ...api } = aDataplane('api-1', { service: 'api', labels: { app: 'api' } })
  const inbound = ['1', '2'].map((host, i) => ({
    name: i === 0 ? 'one' : 'two',
    address: `192.168.0.${host}`,
    port: 8080,
    servicePort: 80 + i,
    tags: { 'kuma.io/service': 'api', 'kuma.io/protocol': 'http' },
  }))
  const dataplane = { ...api, spec: { ...spec, networking: { ...spec.networking, inbound } } }
  const policy = resource(type, 'default', 'p', {
    targetRef: { kind: 'Dataplane', labels: { app: 'api' }, sectionName: 'two' },
    from: [{ targetRef: { kind: 'Mesh' }, default: conf }],
  })
  const { sections } = new Compiled(meshOf([dataplane, policy]), 'api-1')
  return ['1', '2'].map(host => sections.get(`listener/192.168.0.${host}:8080`) as InboundListener)
}

for (const [type, conf] of Object.entries(CONFS)) {
  t.test(type, async t => {
    const [one, two] = inbounds(type, conf)
    t.notMatch(JSON.stringify(one), `${type}/p`)
    t.match(JSON.stringify(two), `${type}/p`)
  })
}

t.test(
  'a MeshTimeout for some clients holds for them, with what it says for all; the closest match first',
  async t => {
    const by = (type: string, value: string) => [{ spiffeID: { type, value } }]
    const rule = (http: object, matches?: object) => ({ ...(matches && { matches }), default: { http } })
    const policy = resource('MeshTimeout', 'default', 'p', {
      rules: [
        rule({ requestTimeout: '9s' }, by('Prefix', 'spiffe://default')),
        rule({ requestTimeout: '3s' }, by('Exact', 'spiffe://default/web')),
        rule({ streamIdleTimeout: '40s' }),
      ],
    })
    const { sections } = new Compiled(meshOf([aDataplane('api-1', { service: 'api' }), policy]), 'api-1')
    const { timeouts, clientTimeouts } = sections.get('listener/192.168.0.1:8080') as InboundListener
    t.match(timeouts, { requestMs: 15_000, streamIdleMs: 40_000 })
    t.same(clientTimeouts, [
      {
        clients: { principals: ['spiffe://default/web'] },
        timeouts: { policy: 'MeshTimeout/p', requestMs: 3_000, streamIdleMs: 40_000 },
      },
      {
        clients: { prefixes: ['spiffe://default'] },
        timeouts: { policy: 'MeshTimeout/p', requestMs: 9_000, streamIdleMs: 40_000 },
      },
    ])
  },
)

t.test('a MeshRateLimit counts connections by the server name that they ask for', async t => {
  const tcp = (num: number) => ({ local: { tcp: { connectionRate: { num, interval: '1s' } } } })
  const by = (value: string) => [{ sni: { type: 'Exact', value } }]
  const policy = resource('MeshRateLimit', 'default', 'p', {
    rules: [
      { default: tcp(9) },
      { matches: by('db'), default: tcp(2) },
      { matches: by('admin'), default: { local: { tcp: { disabled: true } } } },
    ],
  })
  const dataplane = aDataplane('db-1', { service: 'db', protocol: 'tcp' })
  const { sections } = new Compiled(meshOf([dataplane, policy]), 'db-1')
  const { connectionRates } = sections.get('listener/192.168.0.1:8080') as InboundListener
  t.match(connectionRates, [
    { policy: 'MeshRateLimit/p', clients: { sni: 'db' }, connections: 2, intervalMs: 1000 },
    { clients: { sni: 'admin' }, connections: null },
    { clients: undefined, connections: 9 },
  ])
})
