/** `vmeshctl generate` and `version`. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { VERSION } from '#base/version.ts'
import { startFakeApi } from '../../support/fake-api.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const api = await startFakeApi()
t.teardown(() => api.close())
t.beforeEach(() => {
  api.asked.length = 0
})
const run = (...argv: string[]) => runVmeshctl([...argv, '--address', api.url], { home: '/nowhere' })

t.test('asks for a data plane token bound to name, mesh and tags', async t => {
  const tags = ['--tag', 'kuma.io/service=web', '--tag', 'kuma.io/service=web-admin', '--tag=a=b=c']
  const ran = await run(
    'generate',
    'dataplane-token',
    '--name=web-1',
    '-m',
    'm2',
    ...tags,
    '--valid-for',
    '24h',
  )
  t.match(ran, { code: 0, out: /^token of \/tokens\/dataplane [^\n]*\n$/, err: '' })
  t.same(api.asked[0]?.body, {
    name: 'web-1',
    mesh: 'm2',
    tags: { 'kuma.io/service': ['web', 'web-admin'], a: ['b=c'] },
    type: 'dataplane',
    validFor: '24h',
  })
})

t.test('asks for a user token with groups', async t => {
  const group = ['--group', 'mesh-system:admin', '--group', 'team']
  const ran = await run('generate', 'user-token', '--name', 'jo', ...group, '--valid-for=8h')
  t.match(ran, { code: 0, out: /^token of \/tokens\/user/ })
  t.same(api.asked[0]?.body, { name: 'jo', groups: ['mesh-system:admin', 'team'], validFor: '8h' })
})

t.test('asks for nothing when an option is missing or wrong', async t => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['dataplane-token', '--name=a'], /required flag\(s\) "valid-for" not set/],
    [['dataplane-token', '--valid-for=30d'], /--valid-for 30d is not a duration; .* such as 720h/],
    [['dataplane-token', '--valid-for=-1h'], /--valid-for -1h is not a duration/],
    [['dataplane-token', '--valid-for=1h', '--tag=web'], /--tag web: expected KEY=VALUE/],
    [['user-token', '--valid-for=1h'], /required flag\(s\) "name" not set/],
  ]
  for (const [argv, err] of cases) t.match(await run('generate', ...argv), { code: 64, out: '', err })
  t.same(api.asked, [])
})

t.test('shows both versions, and its own where the control plane is away', async t => {
  t.same(await run('version'), {
    code: 0,
    out: `Client: vmeshctl ${VERSION}\nServer: vmesh 9.8.7\n`,
    err: '',
  })
  t.same(await run('--version'), await run('version'))
  t.match(await run('version', '--detailed'), { out: /Server:\n\{\n {2}"product": "vmesh"/ })
  const away = await runVmeshctl(['version', '--address=http://127.0.0.1:1'], { home: '/nowhere' })
  t.match(away, { code: 0, out: `Client: vmeshctl ${VERSION}\n`, err: /^Server: cannot reach/ })
  t.equal(VERSION, JSON.parse(readFileSync('package.json', 'utf8')).version)
})
