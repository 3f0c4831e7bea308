/** `vmeshctl apply` of several documents: what is found before the first write, and what is said of labels. */
import { join } from 'node:path'
import t from 'tap'
import { startFakeApi } from '../../support/fake-api.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const WEB = `type: Dataplane
mesh: default
name: web-1
networking:
  address: 127.0.1.1
  inbound:
  - port: 8080
    tags:
      kuma.io/service: web
`
const api = await startFakeApi()
t.teardown(() => api.close())
t.beforeEach(() => {
  api.asked.length = 0
  api.override = () => undefined
  for (const path of api.stored.keys()) if (path !== '/meshes/default') api.stored.delete(path)
})
const apply = (home: string, args: readonly string[], input?: string) =>
  runVmeshctl(['apply', '--address', api.url, ...args], input === undefined ? { home } : { home, input })
const isDryRun = ({ url }: { readonly url: string }): boolean => url.includes('dryRun=true')
const TAKEN = {
  status: 400,
  body: {
    title: 'Could not process a resource',
    details: 'Resource is not valid',
    causes: [{ field: 'networking.inbound[0].port', message: 'is taken' }],
  },
}
const TAKEN_TEXT = `all.yaml:11: resource type="Dataplane" mesh="default" name="web-2": failed server side: Could not process a resource (Resource is not valid)
  all.yaml:17: networking.inbound[0].port: is taken
`

t.test('what the control plane can be known to refuse stops all before the first write', async t => {
  const home = t.testdir({
    'all.yaml': `${WEB}---\n${WEB.replace('web-1', 'web-2')}---\n${WEB.replace('mesh: default', 'mesh: shop')}`,
  })
  api.override = asked => (isDryRun(asked) && asked.url.includes('web-2') ? TAKEN : undefined)
  const { code, out, err } = await apply(home, ['-f', join(home, 'all.yaml')])
  t.same(
    { code, out, err: err.replaceAll(`${home}/`, '') },
    {
      code: 1,
      out: '',
      err: `${TAKEN_TEXT}all.yaml:22: resource type="Dataplane" mesh="shop" name="web-1": failed server side: there is no mesh "shop"; apply a Mesh of that name first
vmeshctl: nothing was written
`,
    },
  )
  t.ok(api.asked.every(asked => asked.method === 'GET' || isDryRun(asked)))
  t.ok(
    api.asked.filter(isDryRun).every(({ url }) => url.includes('affected=false')),
    'nobody asks which data planes change: it takes long',
  )
})

t.test(
  'what waits for its mesh or for secrets of these files is no failure, and comes after them',
  async t => {
    const later = (title: string) => ({
      status: 400,
      body: {
        title,
        detail: 'Resource is not valid',
        invalid_parameters: [{ field: 'x', reason: 'not yet' }],
      },
    })
    api.override = asked => {
      if (asked.method !== 'PUT') return undefined
      const { pathname } = new URL(asked.url, api.url)
      const secret = api.stored.has('/meshes/default/secrets/ca')
      if (pathname === '/meshes/default' && !secret) return later('Failed to update a resource')
      if (pathname.endsWith('/web-1') && isDryRun(asked)) return later('Failed to create a resource')
      return undefined
    }
    const files = `${WEB}---\ntype: Mesh\nname: default\nmeshServices: {mode: Everywhere}\n---\ntype: Secret\nmesh: default\nname: ca\ndata: eA==\n`
    const labels = ['type="Mesh" mesh="" name="default"', 'type="Dataplane" mesh="default" name="web-1"']
    const why = ['secrets, which change', 'its mesh, which changes']
    const dry = await apply(t.testdir(), ['-f', '-', '--dry-run'], files)
    t.match(dry, { code: 0 })
    labels.forEach((label, i) => {
      t.match(dry.out, new RegExp(`${label} \\w+ated \\(dry run; it depends on ${why[i]}: x: not yet\\)\n`))
    })
    t.match(await runVmeshctl(['diff', '--address', api.url, '-f', '-'], { home: '/', input: files }), {
      code: 2,
      err: '',
    })
    const { code, out } = await apply(t.testdir(), ['-f', '-'], files)
    t.equal(code, 0)
    t.match(out, /^[^\n]*"ca" Created\n[^\n]*"default" Updated\n[^\n]*"web-1" Created\n$/)
  },
)

t.test('what nobody could know is said with file and line, and the others are written', async t => {
  const home = t.testdir({
    'all.yaml': `${WEB}---\n${WEB.replace('web-1', 'web-2')}---\n${WEB.replace('web-1', 'web-3')}`,
  })
  api.override = asked =>
    asked.method === 'PUT' && !isDryRun(asked) && asked.url.includes('web-2') ? TAKEN : undefined
  const { code, out, err } = await apply(home, ['-f', join(home, 'all.yaml')])
  t.equal(code, 1)
  t.equal(
    out,
    'resource type="Dataplane" mesh="default" name="web-1" Created\nresource type="Dataplane" mesh="default" name="web-3" Created\n',
  )
  t.equal(err.replaceAll(`${home}/`, ''), TAKEN_TEXT)
})

const OPA = `type: MeshOPA
mesh: default
name: opa
spec:
  targetRef:
    kind: Mesh
  default:
    appendPolicies: []
`

t.test(
  'what would be refused as not enforced stops all before the first write, in lint and diff too',
  async t => {
    const home = t.testdir({ 'two.yaml': `${WEB}---\n${OPA}` })
    const file = join(home, 'two.yaml')
    const why =
      /two\.yaml:\d+:(\d+:)? .*is not enforced yet: .*; to store it all the same, give --accept-unenforced/
    t.match(await apply(home, ['-f', file]), { code: 1, out: '', err: why })
    t.ok(api.asked.every(({ method }) => method === 'GET'))
    t.match(await runVmeshctl(['diff', '--address', api.url, '-f', file], { home }), { code: 1, err: why })
    t.match(await runVmeshctl(['lint', file], { home }), { code: 1, out: why })
    t.match(await runVmeshctl(['lint', file, '--accept-unenforced'], { home }), { code: 0 })
    t.match(await apply(home, ['-f', file, '--accept-unenforced']), { code: 0 })
  },
)

t.test('names the flag, where the control plane names what curl has to send', async t => {
  const reason =
    'is not enforced yet: x; to store it all the same, add ?acceptUnenforced=true or the header x-vmesh-accept-unenforced: true'
  const body = { title: 'No', detail: 'no', invalid_parameters: [{ field: 'spec', reason }] }
  api.override = ({ method }) => (method === 'PUT' || method === 'POST' ? { status: 400, body } : undefined)
  const why = /x; to store it all the same, give --accept-unenforced\n/
  t.match(await apply(t.testdir(), ['-f', '-'], WEB), { code: 1, err: why })
  const rollback = ['rollback', 'dataplane', 'web-1', '--revision=1', '--address', api.url]
  t.match(await runVmeshctl(rollback, { home: '/' }), { code: 1, err: why })
})

t.test('a document that says nothing of labels keeps those that --prune finds it by', async t => {
  const path = '/meshes/default/dataplanes/web-1'
  const other = WEB.replace('8080', '8081')
  const home = t.testdir()
  await apply(home, ['-f', '-', '--prune=team=shop'], WEB)
  const kept = await apply(home, ['-f', '-'], other)
  t.match(kept, {
    code: 0,
    out: /Updated/,
    err: 'standard input:1: warning: label team=shop is stored and stays; "labels: {}" in the file takes it away\n',
  })
  t.match(api.stored.get(path), { labels: { team: 'shop' }, networking: { inbound: [{ port: 8081 }] } })
  t.match(await runVmeshctl(['diff', '--address', api.url, '-f', '-'], { home, input: other }), { code: 0 })
  t.match(await apply(home, ['-f', '-'], `${other}labels: {app: web}\n`), {
    err: /warning: label team=shop is stored and not in the file: it is taken away\n$/,
  })
  t.same(api.stored.get(path)?.['labels'], { app: 'web' })
  await apply(home, ['-f', '-', '--prune=team=shop'], WEB)
  t.match(await apply(home, ['-f', '-'], `${WEB}labels: {}\n`), { err: /it is taken away\n$/ })
  t.same(api.stored.get(path)?.['labels'], {})
})

t.test('labels of Kuma go with what is not written: they change what a policy does', async t => {
  const path = '/meshes/default/dataplanes/web-1'
  await apply(t.testdir(), ['-f', '-'], `${WEB}labels: {kuma.io/effect: shadow}\n`)
  api.asked.length = 0
  t.match(await apply(t.testdir(), ['-f', '-'], WEB), { code: 0, err: '' })
  t.notOk(Object.hasOwn(api.asked.at(-2)?.body as object, 'labels'), path)
})
