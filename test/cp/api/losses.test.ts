/** What a dry run says of rights and tokens that would end: no data plane changes, and yet everything does. */
import t from 'tap'
import { type RunningApi, send, startApi } from '../../support/api.ts'

type Test = import('tap').Test

async function start(t: Test): Promise<RunningApi> {
  const run = await startApi({ folder: t.testdir() })
  t.teardown(() => run.close())
  return run
}

const put = (run: RunningApi, path: string, body: object) => send('PUT', `${run.http}${path}`, { body })
const binding = (name: string, subjects: readonly object[], ...roles: readonly string[]) => ({
  type: 'AccessRoleBinding',
  name,
  subjects,
  roles,
})
const role = (name: string) => ({
  type: 'AccessRole',
  name,
  rules: [{ types: ['MeshTimeout'], access: ['CREATE'] }],
})
const ANN = { type: 'User', name: 'ann' }
const OPS = { type: 'Group', name: 'ops' }

t.test('a dry run of the deletion of a signing key says which tokens end', async t => {
  const run = await start(t)
  const dryRun = async (path: string) => (await send('DELETE', `${run.http}${path}?dryRun=true`)).json
  const dataplaneKey = '/meshes/default/secrets/dataplane-token-signing-key-default-1'
  t.match(await dryRun(dataplaneKey), {
    outcome: 'deleted',
    warnings: [
      /^every data plane token of mesh "default" that this key has signed ends \(KID 1; how many there are is not known\); data planes that are connected/,
      /^it is the last such key: no data plane token of mesh "default" can be made/,
    ],
  })
  t.match(await dryRun('/global-secrets/user-token-signing-key-1'), {
    warnings: [/^every user token that this key has signed ends \(KID 1;/, /^it is the last such key/],
  })
  const { data } = (await send('GET', `${run.http}${dataplaneKey}`)).json as { data: string }
  const second = 'dataplane-token-signing-key-default-2'
  await put(run, `/meshes/default/secrets/${second}`, { type: 'Secret', mesh: 'default', name: second, data })
  const { warnings } = (await dryRun(dataplaneKey)) as { warnings: readonly string[] }
  t.equal(warnings.length, 1, 'there is another key')
  const other = { type: 'Secret', mesh: 'default', name: 'plain', data: 'eA==' }
  await put(run, '/meshes/default/secrets/plain', other)
  t.notOk(Object.hasOwn((await dryRun('/meshes/default/secrets/plain')) as object, 'warnings'))
  const changed = await put(run, '/meshes/default/secrets/dataplane-token-signing-key-default-1?dryRun', {
    ...other,
    name: 'dataplane-token-signing-key-default-1',
  })
  t.match(changed.json, { outcome: 'updated', warnings: [/^every data plane token of mesh "default"/] })
})

t.test('a dry run says who would lose which role, and nothing of those who have it otherwise', async t => {
  const run = await start(t)
  for (const name of ['reader', 'writer-2']) await put(run, `/access-roles/${name}`, role(name))
  await put(run, '/access-role-bindings/a', binding('a', [ANN, OPS], 'reader', 'writer-2'))
  await put(run, '/access-role-bindings/b', binding('b', [OPS], 'reader'))
  const warningsOf = async (path: string) =>
    ((await send('DELETE', `${run.http}${path}?dryRun=true`)).json as { warnings: readonly string[] })
      .warnings
  t.same(await warningsOf('/access-role-bindings/a'), [
    'user "ann" loses the roles reader, writer-2',
    'group "ops" loses the role writer-2',
  ])
  t.same(await warningsOf('/access-roles/reader'), [
    'user "ann" loses the role reader',
    'group "ops" loses the role reader',
  ])
  const fewer = await put(run, '/access-role-bindings/a?dryRun', binding('a', [OPS], 'reader', 'writer-2'))
  t.match(fewer.json, { warnings: ['user "ann" loses the roles reader, writer-2'] })
})
