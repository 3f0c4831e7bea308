/** What a verified data-plane token allows. */
import t from 'tap'
import { dataplaneTokenFits } from '../../../cp/auth/token-fits.ts'

const anyToken = { name: '', mesh: 'default', tags: {}, type: '', workload: '' }
const dataplane = {
  mesh: 'default',
  name: 'web-1',
  labels: { 'kuma.io/workload': 'w' },
  tagSets: [{ 'kuma.io/service': 'web', team: 'a' }, { 'kuma.io/service': 'web-api' }],
}

t.test('an unrestricted token of the mesh fits all its Dataplanes', async t => {
  t.equal(dataplaneTokenFits(anyToken, dataplane), null)
  t.equal(dataplaneTokenFits({ ...anyToken, type: 'ingress' }, dataplane), null, 'type is not checked')
})

const cases: readonly (readonly [name: string, claims: Partial<typeof anyToken>, expected: string | null])[] =
  [
    ['its name', { name: 'web-1' }, null],
    ['another name', { name: 'web-2' }, 'proxy name from requestor: web-1 is different than in token: web-2'],
    ['another mesh', { mesh: 'demo' }, 'proxy mesh from requestor: default is different than in token: demo'],
    ['all values of the tag', { tags: { 'kuma.io/service': ['web-api', 'web', 'more'] } }, null],
    [
      'one value of two',
      { tags: { 'kuma.io/service': ['web', 'more'] } },
      'dataplane contains tag "kuma.io/service" with value "web-api" which is not allowed with this token. ' +
        'Allowed values in token are ["more" "web"]',
    ],
    ['a tag of one inbound', { tags: { team: ['a'] } }, null],
    [
      'a tag that is not there',
      { tags: { 'kuma.io/zone': ['east'] } },
      'dataplane has no tag "kuma.io/zone" required by the token',
    ],
    [
      'a tag named as a method',
      { tags: { toString: ['x'] } },
      'dataplane has no tag "toString" required by the token',
    ],
    ['its workload', { workload: 'w' }, null],
    [
      'another workload',
      { workload: 'v' },
      'dataplane workload "w" is not allowed with this token. Allowed workload in token is "v"',
    ],
  ]

t.test('restrictions of the token', async t => {
  for (const [name, claims, expected] of cases) {
    t.equal(dataplaneTokenFits({ ...anyToken, ...claims }, dataplane), expected, name)
  }
  t.equal(
    dataplaneTokenFits({ ...anyToken, workload: 'w' }, { ...dataplane, labels: {} }),
    'dataplane has no workload label required by the token',
  )
})
