/** The first admin's token. */
import t from 'tap'
import { ADMIN_TOKEN, ensureAdminToken } from '../../../cp/auth/admin-token.ts'
import { Tokens } from '../../../cp/auth/tokens.ts'
import { createMemoryStore } from '../../../cp/store/memory-store.ts'
import { readSecret } from '../../../cp/store/secrets.ts'
import { partOf, putSecret } from '../../support/tokens.ts'

t.test('a fresh control plane gets a signing key and an admin token of ten years', async t => {
  const store = createMemoryStore()
  const tokens = new Tokens(store)
  t.equal(await ensureAdminToken(store, tokens), true)
  t.equal(
    (await store.list('GlobalSecret')).map(secret => secret.name).join(),
    'admin-user-token,user-token-signing-key-1',
  )
  const token = (await readSecret(store, ADMIN_TOKEN)) ?? ''
  t.same(await tokens.verifyUserToken(token), { name: 'mesh-system:admin', groups: ['mesh-system:admin'] })
  const { exp } = partOf(token, 'claims')
  t.ok(Math.abs(Number(exp) - Date.now() / 1000 - 87_600 * 3600) < 60)
})

t.test('a later start changes nothing', async t => {
  const store = createMemoryStore()
  const tokens = new Tokens(store)
  await ensureAdminToken(store, tokens)
  const revision = store.revision()
  t.equal(await ensureAdminToken(store, tokens), false)
  t.equal(store.revision(), revision)
})

t.test('a start that was cut between key and token is finished by the next', async t => {
  const store = createMemoryStore()
  const tokens = new Tokens(store)
  await ensureAdminToken(store, tokens)
  await store.commit([{ op: 'delete', key: ADMIN_TOKEN }])
  t.equal(await ensureAdminToken(store, tokens), true)
  t.equal((await store.list('GlobalSecret')).length, 2)
})

t.test('an admin token that the operator stored stays', async t => {
  const store = createMemoryStore()
  await putSecret(store, '', 'admin-user-token', 'mine')
  t.equal(await ensureAdminToken(store, new Tokens(store)), false)
  t.equal(await readSecret(store, ADMIN_TOKEN), 'mine')
})
