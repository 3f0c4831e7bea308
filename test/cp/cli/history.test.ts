/** `vmeshctl history` and `rollback` against the real API: who changed what, and back again byte for byte. */
import t from 'tap'
import { startApi } from '../../support/api.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const api = await startApi({ folder: t.testdir() })
t.teardown(() => api.close())
const run = (argv: readonly string[], input = '', world: object = {}) =>
  runVmeshctl([...argv, '--address', api.http], { home: '/nowhere', input, ...world })
const policy = (action: string, label: string): string => `type: MeshTrafficPermission
mesh: default
name: p
labels: {team: ${label}}
spec:
  targetRef: {kind: Mesh}
  from:
  - targetRef: {kind: Mesh}
    default: {action: ${action}}
`
const specOf = async (): Promise<unknown> => {
  const { spec, labels } = JSON.parse((await run(['get', 'mtp', 'p', '-o', 'json'])).out)
  return { spec, labels }
}
await run(['apply', '-f', '-'], policy('Allow', 'a'))
const first = await specOf()
await run(['apply', '-f', '-'], policy('Deny', 'b'))
const revisions = async (): Promise<readonly string[]> =>
  (await run(['history', 'mtp', 'p'])).out
    .trim()
    .split('\n')
    .slice(1)
    .map(line => line.split(/ {3,}/)[0] ?? '')

t.test('lists revisions, newest first, and shows one', async t => {
  const { code, out } = await run(['history', 'meshtrafficpermission', 'p'])
  t.equal(code, 0)
  t.match(
    out,
    /^REVISION +ACTION +AUTHOR +TIME +AGE\n\d+ +updated +mesh-system:admin +\S+ +\S+\n\d+ +created +mesh-system:admin +\S+ +\S+\n$/,
  )
  const [newest = '', oldest = ''] = await revisions()
  t.equal((await run(['history', 'mtp', 'p', '--size=1'])).out.trim().split('\n').length, 2)
  t.match((await run(['history', 'mtp', 'p', `--revision=${oldest}`])).out, /action: Allow/)
  t.match((await run(['history', 'mtp', 'p', `--revision=${newest}`, '-o', 'json'])).out, /"action": "Deny"/)
  const diff = await run(['history', 'mtp', 'p', `--diff=${oldest}`])
  t.match(diff.out, /\n-\s+action: Allow\n\+\s+action: Deny\n/)
  t.match(JSON.parse((await run(['history', 'mtp', 'p', `--diff=${oldest}`, '-o', 'json'])).out), {
    changes: [{}, {}],
  })
  t.match(await run(['history', 'mtp', 'none']), { code: 1, out: '' })
  t.match(await run(['history', 'mtp', 'p', '--revision=x']), {
    code: 64,
    err: /--revision x is not a whole number/,
  })
})

t.test('a rollback that is only tried shows the difference and writes nothing', async t => {
  const [, oldest] = await revisions()
  const ran = await run(['rollback', 'mtp', 'p', `--revision=${oldest}`, '--dry-run'])
  t.match(ran, {
    code: 0,
    out: /\n- {6}action: Deny\n\+ {6}action: Allow\n[\s\S]*no data plane would change/,
  })
  t.equal((await revisions()).length, 2)
})

t.test('a rollback brings back spec and labels as they were, also of what was deleted', async t => {
  const [, oldest = ''] = await revisions()
  const label = 'meshtrafficpermission default/p'
  t.match(await run(['rollback', 'mtp', 'p', `--revision=${oldest}`]), {
    code: 0,
    out: `${label} is as in revision ${oldest} again\n`,
  })
  t.same(await specOf(), first)
  t.match((await run(['history', 'mtp', 'p'])).out, new RegExp(`restored from ${oldest} `))
  await run(['delete', 'mtp', 'p'])
  t.match((await run(['history', 'mtp', 'p'])).out, /deleted/)
  t.match(await run(['rollback', 'mtp', 'p', `--revision=${oldest}`]), { code: 0 })
  t.same(await specOf(), first)
  t.match(await run(['rollback', 'mtp', 'p', '--revision=999999']), { code: 1, err: /no revision 999999/ })
  t.match(await run(['rollback', 'mtp', 'p', '--revision=1.5']), { code: 64 })
})

t.test('a rollback without a revision goes one back, says where to, and a second one undoes it', async t => {
  await run(['apply', '-f', '-'], policy('Deny', 'c'))
  const [newest = '', before = ''] = await revisions()
  const told = (word: string, revision: string, last: string): RegExp =>
    new RegExp(
      `^meshtrafficpermission default/p ${word} as in revision ${revision} again, which mesh-system:admin wrote \\S+ ago; the newest was ${last}\\n`,
    )
  const tried = await run(['rollback', 'mtp', 'p', '--dry-run'])
  t.match(tried, { code: 0, out: told('would be', before, newest) })
  t.match(tried.out, /\n- {6}action: Deny\n\+ {6}action: Allow\n/)
  t.match(await run(['rollback', 'mtp', 'p']), { code: 0, out: told('is', before, newest) })
  t.same(await specOf(), first)
  const [restored = ''] = await revisions()
  t.match(await run(['rollback', 'mtp', 'p']), { code: 0, out: told('is', newest, restored) })
  t.match(await specOf(), { labels: { team: 'c' } })
  await run(['delete', 'mtp', 'p'])
  t.match(await run(['rollback', 'mtp', 'p']), { code: 0 }, 'what was deleted by mistake comes back')
  t.match(await specOf(), { labels: { team: 'c' } })
  await run(['rollback', 'mtp', 'p', `--revision=${before}`])
  t.match(await run(['rollback', 'mesh', 'default']), {
    code: 1,
    err: /there is no earlier revision of mesh default; vmeshctl history lists/,
  })
})

t.test('dry runs, differences and pruning against the real API', async t => {
  const before = await revisions()
  const wanted = policy('AllowWithShadowDeny', 'a')
  t.match(await run(['diff', '-f', '-'], wanted), { code: 2, out: /\n\+ {6}action: AllowWithShadowDeny\n/ })
  t.match(await run(['apply', '-f', '-', '--dry-run'], wanted), { code: 0, out: / Updated \(dry run\)\n/ })
  t.same(await revisions(), before, 'nothing was written')
  const again = await run(['get', 'mtp', '-o', 'yaml'])
  t.same(
    await run(['diff', '-f', '-'], again.out),
    { code: 0, out: '', err: '' },
    'what is stored does not differ',
  )
  const secret = (name: string): string => `type: Secret\nmesh: default\nname: ${name}\ndata: eA==\n`
  await run(['apply', '-f', '-', '--prune=app=x'], `${secret('a')}---\n${secret('b')}`)
  const tried = await run(['apply', '-f', '-', '--prune=app=x', '--dry-run'], secret('a'))
  t.match(
    tried.out,
    /name="a" Unchanged \(dry run\)\nresource type="Secret" mesh="default" name="b" Deleted \(dry run\)\n {2}no data plane would change\n$/,
  )
  const done = await run(['apply', '-f', '-', '--prune=app=x'], secret('a'))
  t.match(done.out, /name="a" Unchanged\nresource type="Secret" mesh="default" name="b" Deleted\n$/)
  t.match((await run(['delete', 'secret', 'a', '--dry-run'])).out, /^would delete Secret "a"\n/)
  t.match(await run(['get', 'secret', 'a']), { code: 0 })
})

t.test('export is taken again as it is', async t => {
  const all = await run(['export', '--profile=all', '-a'])
  t.match(
    all.out,
    /^# Product: Kuma, Version: \S+, Hostname: \S+, ClusterId: \S*, InstanceId: \S+\ntype: Mesh\nname: default\n/,
  )
  t.match(all.out, /skipCreatingInitialPolicies:\n- "\*"\n---\n/)
  t.match(all.out, /^type: Secret$/m)
  for (const again of [
    await run(['apply', '-f', '-', '--dry-run'], all.out),
    await run(['apply', '-f', '-'], all.out),
  ]) {
    t.equal(again.code, 0)
    t.match(again.out, /type="MeshTrafficPermission" mesh="default" name="p" Unchanged/)
    t.notMatch(again.out, /Created|Updated/)
  }
  t.same(await run(['diff', '-f', '-'], all.out), { code: 0, out: '', err: '' })
  const without = await run(['export', '--profile=federation-with-policies'])
  t.notMatch(without.out, /^type: (Secret|GlobalSecret|Dataplane)$/m)
  t.match(without, {
    out: /^type: MeshTrafficPermission$/m,
    err: /left out: GlobalSecret, Secret; --include-admin/,
  })
  t.notMatch((await run(['export'])).out, /^type: MeshTrafficPermission$/m)
  t.match(await run(['export', '--format=kubernetes']), { code: 1, err: /no Kubernetes manifests/ })
})
