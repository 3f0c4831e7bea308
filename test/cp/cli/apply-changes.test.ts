/** `vmeshctl apply` beyond kumactl: dry runs, diffs, waiting and pruning. */
import t from 'tap'
import { type Asked, startFakeApi } from '../../support/fake-api.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const secret = (name: string, mesh = 'default'): string =>
  `type: Secret\nmesh: ${mesh}\nname: ${name}\ndata: eA==\n`
const label = (name: string, mesh = 'default'): string =>
  `resource type="Secret" mesh="${mesh}" name="${name}"`
const PERMISSION = `type: MeshTrafficPermission
mesh: default
name: p
spec:
  targetRef: {kind: Mesh}
  from:
  - targetRef: {kind: Mesh}
    default: {action: Allow}
`
const api = await startFakeApi()
t.teardown(() => api.close())
t.beforeEach(() => {
  api.asked.length = 0
  api.override = () => undefined
  for (const path of api.stored.keys()) if (path !== '/meshes/default') api.stored.delete(path)
})
const run = (args: readonly string[], input = '', world: object = {}) =>
  runVmeshctl([...args, '--address', api.url], { home: '/nowhere', input, ...world })
const queryOf = (asked: Asked | undefined): string => new URL(asked?.url ?? '', api.url).search
const isDryRun = (asked: Asked): boolean => asked.url.includes('dryRun=true')

const AFFECTED = {
  total: 3,
  dataplanes: [
    {
      mesh: 'default',
      name: 'api-1',
      isConnected: true,
      sections: { added: ['permissions/p'], changed: ['inbound/80'], removed: [] },
    },
    {
      mesh: 'default',
      name: 'web-1',
      isConnected: false,
      sections: { added: [], changed: [], removed: ['x'] },
    },
  ],
}

t.test(
  'a dry run names the data planes that would change, shows the difference, and asks for no write',
  async t => {
    await run(['apply', '-f', '-'], PERMISSION)
    api.asked.length = 0
    api.override = asked =>
      asked.method === 'PUT' && isDryRun(asked)
        ? {
            status: 200,
            body: {
              dryRun: true,
              outcome: 'updated',
              changes: [
                { op: 'replace', path: '/spec/from/0/default/action', value: 'Deny', before: 'Allow' },
                { op: 'add', path: '/labels', value: { 'a/b': 'c' } },
              ],
              affected: AFFECTED,
              warnings: ['be careful'],
            },
          }
        : undefined
    const ran = await run(['apply', '-f', '-', '--dry-run', '--diff'], PERMISSION.replace('Allow', 'Deny'))
    t.equal(ran.code, 0)
    t.match(ran.err, /warning: be careful/)
    t.equal(
      ran.out,
      `resource type="MeshTrafficPermission" mesh="default" name="p" Updated (dry run)
--- meshtrafficpermission default/p (stored)
+++ meshtrafficpermission default/p (applied)
@@ -8,4 +8,6 @@
   - targetRef:
       kind: Mesh
     default:
-      action: Allow
+      action: Deny
+labels:
+  a/b: c
  3 data planes would change:
    api-1 (connected): +permissions/p, ~inbound/80
    web-1 (not connected): -x
    and 1 more
`
        .replace('    api-1', '    default/api-1')
        .replace('    web-1', '    default/web-1'),
    )
    const writes = api.asked.filter(({ method }) => method !== 'GET')
    t.ok(writes.every(isDryRun), 'nothing but dry runs')
    const inColour = await run(['apply', '-f', '-', '--dry-run', '--diff'], PERMISSION, { hasColours: true })
    t.match(inColour.out, /\x1b\[31m- {6}action: Allow\x1b\[0m\n\x1b\[32m\+/)
  },
)

t.test('a dry run is not even asked of a control plane that would write', async t => {
  api.override = ({ url }) =>
    url === '/' ? { status: 200, body: { product: 'Kuma', version: '2.14.3' } } : undefined
  for (const argv of [
    ['apply', '-f', '-', '--dry-run'],
    ['diff', '-f', '-'],
    ['delete', 'mesh', 'default', '--dry-run'],
    ['rollback', 'mesh', 'default', '--revision=1', '--dry-run'],
  ]) {
    t.match(await run(argv, PERMISSION), { code: 1, out: '', err: /knows no dry runs/ }, argv.join(' '))
  }
  t.ok(api.asked.every(({ method }) => method === 'GET'))
})

t.test('resources of a mesh that comes with them are no failure of a dry run', async t => {
  const outcome = { dryRun: true, outcome: 'created', changes: [], affected: { total: 0, dataplanes: [] } }
  api.override = asked =>
    asked.method !== 'PUT'
      ? undefined
      : asked.url.startsWith('/meshes/new?')
        ? { status: 200, body: outcome }
        : { status: 404, body: { title: 'Failed to retrieve Mesh', detail: 'Not found' } }
  const ran = await run(
    ['apply', '-f', '-', '--dry-run'],
    `${secret('s', 'new')}---\ntype: Mesh\nname: new\n`,
  )
  t.match(ran, {
    code: 0,
    out: `resource type="Mesh" mesh="" name="new" Created (dry run)\n  no data plane would change\n${label('s', 'new')} Created (dry run; its mesh is not there yet)\n`,
  })
})

t.test('diff shows what would change with code 2, and nothing with 0', async t => {
  const answers: Record<string, object> = {
    a: { dryRun: true, outcome: 'unchanged', changes: [] },
    b: {
      dryRun: true,
      outcome: 'created',
      changes: [{ op: 'add', path: '', value: { type: 'Secret', name: 'b', data: 'c2VjcmV0' } }],
    },
  }
  api.override = ({ method, url }) =>
    method === 'PUT' ? { status: 200, body: answers[new URL(url, api.url).pathname.slice(-1)] } : undefined
  t.same(await run(['diff', '-f', '-'], secret('a')), { code: 0, out: '', err: '' })
  const ran = await run(['diff', '-f', '-'], `${secret('a')}---\n${secret('b')}`)
  t.match(ran, {
    code: 2,
    out: /^--- \/dev\/null\n\+\+\+ secret default\/b \(applied\)\n@@ -0,0 \+1,3 @@\n\+type: Secret/,
  })
  t.notMatch(ran.out, /c2VjcmV0/, 'secrets are not shown')
  api.override = ({ method }) =>
    method === 'PUT'
      ? { status: 400, body: { title: 'No', invalid_parameters: [{ field: 'data', reason: 'is bad' }] } }
      : undefined
  t.match(await run(['diff', '-f', '-'], secret('a')), {
    code: 1,
    err: /standard input:1: .* name="a": failed server side: No\n {2}standard input:4: data: is bad/,
  })
})

t.test('shows the difference of what it wrote', async t => {
  await run(['apply', '-f', '-'], PERMISSION)
  const ran = await run(['apply', '-f', '-', '--diff'], PERMISSION.replace('Allow', 'Deny'))
  t.match(
    ran.out,
    / Updated\n--- meshtrafficpermission default\/p \(stored\)\n[\s\S]*\n- {6}action: Allow\n\+ {6}action: Deny\n/,
  )
  t.match(
    (await run(['apply', '-f', '-', '--diff'], PERMISSION.replace('Allow', 'Deny'))).out,
    / Unchanged\n$/,
  )
})

t.test('waits for what it wrote to each mesh, and says who has not applied it', async t => {
  let isComplete = true
  api.override = asked => {
    const { url, method } = asked
    if (method === 'PUT' && !isDryRun(asked))
      return { status: 201, body: {}, headers: { etag: `"1-${url.includes('/s9') ? 9 : 10}"` } }
    if (!url.includes('/_applied')) return undefined
    const pending = [{ mesh: 'default', name: 'web-2', state: 'refused', reason: 'port 80 is taken' }]
    const applied = {
      version: '1-10',
      isComplete,
      total: 2,
      acknowledged: isComplete ? 2 : 1,
      pending: isComplete ? [] : pending,
    }
    return { status: isComplete ? 200 : 202, body: { applied } }
  }
  const input = `${secret('s9')}---\n${secret('s10')}`
  t.match(await run(['apply', '-f', '-', '--wait'], input), {
    code: 0,
    out: /Created\nmesh "default": 2 of 2 data planes have applied it\n$/,
    err: '',
  })
  t.equal(
    queryOf(api.asked.at(-1)),
    '?version=1-9..1-10&timeout=300ms',
    'one question, of what it wrote and nothing else',
  )
  isComplete = false
  t.match(await run(['apply', '-f', '-', '--wait=5s'], input), {
    code: 1,
    out: /mesh "default": 1 of 2 data planes have applied it\n$/,
    err: '  default/web-2: refused: port 80 is taken\n',
  })
  api.override = () => undefined
  t.match(await run(['apply', '-f', '-', '--wait=no'], input), {
    code: 64,
    err: /--wait no is not a duration/,
  })
})

t.test('prunes what an earlier apply with the same label wrote, and nothing else', async t => {
  await run(
    ['apply', '-f', '-', '--prune=app=shop'],
    `${secret('a')}---\n${secret('b')}---\ntype: Mesh\nname: m2\n`,
  )
  await run(['apply', '-f', '-', '--prune=app=other'], secret('c'))
  await run(['apply', '-f', '-'], secret('d'))
  t.match(api.stored.get('/meshes/default/secrets/a'), { labels: { app: 'shop' } })
  api.override = asked =>
    asked.method === 'DELETE' && isDryRun(asked)
      ? { status: 200, body: { dryRun: true, outcome: 'deleted' } }
      : undefined
  const unchanged = { dryRun: true, outcome: 'unchanged', changes: [] }
  const forReal = api.override
  api.override = asked => (asked.method === 'PUT' ? { status: 200, body: unchanged } : forReal(asked))
  const mesh = 'resource type="Mesh" mesh="" name="m2"'
  const none = '  no data plane would change\n'
  t.equal(
    (await run(['apply', '-f', '-', '--prune=app=shop', '--dry-run'], secret('a'))).out,
    `${label('a')} Unchanged (dry run)\n${label('b')} Deleted (dry run)\n${none}${mesh} Deleted (dry run)\n${none}`,
  )
  t.ok(api.stored.has('/meshes/default/secrets/b'), 'a dry run deletes nothing')
  api.override = () => undefined
  const ran = await run(['apply', '-f', '-', '--prune=app=shop'], secret('a'))
  t.equal(ran.out, `${label('a')} Unchanged\n${label('b')} Deleted\n${mesh} Deleted\n`)
  const left = [...api.stored.keys()].sort()
  t.same(left, ['/meshes/default', ...['a', 'c', 'd'].map(name => `/meshes/default/secrets/${name}`)])
})

t.test('what cannot be pruned does not keep the rest, and is said', async t => {
  await run(['apply', '-f', '-', '--prune=app=shop'], ['a', 'b', 'c'].map(name => secret(name)).join('---\n'))
  api.override = ({ method, url }) =>
    method === 'DELETE' && url.includes('/b')
      ? { status: 400, body: { title: 'Could not delete a resource', detail: 'it is in use' } }
      : undefined
  const ran = await run(['apply', '-f', '-', '--prune=app=shop'], secret('a'))
  t.same(ran, {
    code: 1,
    out: `${label('a')} Unchanged\n${label('c')} Deleted\n`,
    err: `${label('b')} cannot be deleted: Could not delete a resource (it is in use)\n`,
  })
})

t.test('prunes nothing when a document was refused, or says what is wrong with the label', async t => {
  await run(['apply', '-f', '-', '--prune=app=shop'], secret('old'))
  api.override = ({ method }) => (method === 'PUT' ? { status: 400, body: { title: 'No' } } : undefined)
  t.match(await run(['apply', '-f', '-', '--prune=app=shop'], secret('new')), {
    code: 1,
    err: /nothing is pruned, since a document was refused/,
  })
  t.ok(api.stored.has('/meshes/default/secrets/old'))
  for (const [flag, code, err] of [
    ['app', 64, /expected a label, such as --prune=team=shop/],
    ['kuma.io/mesh=x', 64, /belong to the control plane/],
    ['app=shop', 1, /label app is "mine" here and "shop" in --prune/],
  ] as const) {
    const ran = await run(['apply', '-f', '-', `--prune=${flag}`], `${secret('x')}labels: {app: mine}\n`)
    t.match(ran, { code, err }, flag)
  }
})
