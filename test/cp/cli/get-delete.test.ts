/** `vmeshctl get` and `delete`: tables as kumactl's, output that can be applied again, and what is not there. */
import t from 'tap'
import { parseDocument } from '#base/yaml.ts'
import { startFakeApi } from '../../support/fake-api.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const api = await startFakeApi()
t.teardown(() => api.close())
const run = (...argv: string[]) => runVmeshctl([...argv, `--address=${api.url}`], { home: '/nowhere' })

const TIMES = { creationTime: '2026-01-01T00:00:00Z', modificationTime: '2026-01-02T04:01:00.5Z' }
t.beforeEach(() => {
  api.asked.length = 0
  api.override = () => undefined
  api.stored.clear()
  api.stored.set('/meshes/default', {
    type: 'Mesh',
    name: 'default',
    ...TIMES,
    mtls: { enabledBackend: 'ca-1', backends: [{ name: 'ca-1', type: 'builtin' }] },
    routing: { zoneEgress: true },
  })
  for (const [name, tags] of [
    ['api-1', { 'kuma.io/service': 'api', version: 'v1' }],
    ['web-1', { 'kuma.io/service': 'web' }],
  ] as const) {
    api.stored.set(`/meshes/default/dataplanes/${name}`, {
      type: 'Dataplane',
      mesh: 'default',
      name,
      ...TIMES,
      networking: {
        address: '127.0.1.1',
        inbound: [
          { port: 80, tags },
          { port: 81, tags },
        ],
      },
    })
  }
})

t.test('shows tables with the columns of kumactl', async t => {
  t.equal(
    (await run('get', 'dataplanes')).out,
    `MESH      NAME    TAGS                             ADDRESS     AGE
default   api-1   kuma.io/service=api version=v1   127.0.1.1   3m
default   web-1   kuma.io/service=web              127.0.1.1   3m
`,
  )
  t.equal(
    (await run('get', 'mesh', 'default')).out,
    `NAME      mTLS           LOCALITY   ZONEEGRESS   AGE
default   builtin/ca-1   off        on           3m
`,
  )
  t.same(await run('get', 'secrets'), { code: 0, out: 'MESH   NAME   AGE\n', err: '' })
})

t.test('takes a kind in any of its spellings, and guesses a misspelt one', async t => {
  for (const word of ['dataplane', 'Dataplanes', 'DATAPLANE', 'dp']) {
    t.match(await run('get', word), { code: 0, out: /web-1/ }, word)
  }
  t.match(await run('get', 'datplane'), {
    code: 64,
    err: /^Error: unknown TYPE: datplane; did you mean dataplane\?\n$/,
  })
  t.match(await run('get', 'zzz'), {
    code: 64,
    err: 'Error: unknown TYPE: zzz; vmeshctl explain lists all\n',
  })
})

t.test('follows pages to the end, by offset alone', async t => {
  api.pageSize = 1
  const { out } = await run('get', 'dataplanes', '-o', 'json')
  api.pageSize = 1_000
  t.match(JSON.parse(out), { total: 2, next: null, items: [{ name: 'api-1' }, { name: 'web-1' }] })
  t.equal(api.asked.length, 2)
})

t.test('shows one page where that is asked for', async t => {
  const first = await run('get', 'dataplanes', '--size=1')
  t.match(first.out, /api-1[^\n]*\n\nRerun command with --offset=1 argument to retrieve more resources\n$/)
  const second = await run('get', 'dataplanes', '--size', '1', '--offset', '1')
  t.match(second.out, /web-1/)
  t.notMatch(second.out, /Rerun|api-1/)
  t.match(await run('get', 'dataplanes', '--size=x'), { code: 64, err: /--size x is not a whole number/ })
})

t.test('prints YAML that apply takes again', async t => {
  const { out } = await run('get', 'dataplanes', '-o', 'yaml')
  t.same(parseDocument(out, 'out').value, { items: [...api.stored.values()].slice(1), next: null, total: 2 })
  const again = await runVmeshctl(['apply', '-f', '-', '--address', api.url], {
    home: '/nowhere',
    input: out,
  })
  t.match(again, { code: 0, err: '' })
  const one = await run('get', 'dataplane', 'web-1', '-o', 'json')
  t.match(JSON.parse(one.out), { type: 'Dataplane', name: 'web-1' })
})

t.test('says which is missing: the resource or its mesh', async t => {
  t.same(await run('get', 'dataplane', 'none'), {
    code: 1,
    out: '',
    err: 'Error: No resources found in default mesh\n',
  })
  t.match(await run('get', 'mesh', 'none'), { code: 1, err: 'Error: No resources found\n' })
  t.match(await run('get', 'dataplanes', '-m', 'nope'), { code: 1, err: /there is no mesh "nope"/ })
  t.match(await run('delete', 'dataplane', 'x', '-m', 'nope'), { code: 1, err: /there is no mesh "nope"/ })
})

t.test('says of what is stored and not enforced that it is not', async t => {
  api.stored.set('/meshes/default/meshtrafficpermissions/shadow', {
    type: 'MeshTrafficPermission',
    mesh: 'default',
    name: 'shadow',
    labels: { 'kuma.io/effect': 'shadow' },
    ...TIMES,
    spec: {
      targetRef: { kind: 'Mesh' },
      from: [{ targetRef: { kind: 'Mesh' }, default: { action: 'Deny' } }],
    },
  })
  const { code, err } = await run('get', 'meshtrafficpermissions')
  t.match(
    { code, err },
    { code: 0, err: /default\/shadow: warning: labels\["kuma\.io\/effect"\] is not enforced yet: / },
  )
})

t.test('deletes one resource, and says when there is none', async t => {
  t.same(await run('delete', 'dataplane', 'web-1'), { code: 0, out: 'deleted Dataplane "web-1"\n', err: '' })
  t.notOk(api.stored.has('/meshes/default/dataplanes/web-1'))
  t.match(await run('delete', 'dataplane', 'web-1'), {
    code: 1,
    err: 'Error: there is no Dataplane with name "web-1"\n',
  })
  api.override = () => ({
    status: 400,
    body: {
      title: 'Could not delete a resource',
      detail: 'Resource is not valid',
      invalid_parameters: [{ field: 'mesh', reason: 'there are still some dataplanes attached' }],
    },
  })
  t.match(await run('delete', 'mesh', 'default'), {
    code: 1,
    err: 'Error: Could not delete a resource (Resource is not valid)\n* mesh: there are still some dataplanes attached\n',
  })
})

t.test('a deletion tells what the control plane warns of, unless it shall be quiet', async t => {
  api.override = ({ method }) =>
    method === 'DELETE' ? { status: 200, body: { warnings: ['it comes back'] } } : undefined
  const out = 'deleted Dataplane "web-1"\n'
  const err = 'dataplane default/web-1: warning: it comes back\n'
  t.same(await run('delete', 'dataplane', 'web-1'), { code: 0, out, err })
  t.same(await run('delete', 'dataplane', 'web-1', '-q'), { code: 0, out, err: '' })
})

t.test('a dry run of a deletion says which rights end, not only which data planes change', async t => {
  const warnings = ['user "ann" loses the role writer']
  api.override = ({ method }) =>
    method === 'DELETE'
      ? { status: 200, body: { dryRun: true, warnings, affected: { total: 0, dataplanes: [] } } }
      : undefined
  t.same(await run('delete', 'access-role-binding', 'default', '--dry-run', '-q'), {
    code: 0,
    out: 'would delete AccessRoleBinding "default"\n  no data plane would change\n  user "ann" loses the role writer\n',
    err: '',
  })
})

t.test('keeps a name with odd characters inside the path', async t => {
  await run('get', 'dataplane', 'a/../b?c')
  t.equal(api.asked.at(-1)?.url, '/meshes/default/dataplanes/a%2F..%2Fb%3Fc')
})
