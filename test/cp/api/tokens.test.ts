/** The token endpoints: what they issue and what they refuse, in Kuma's words. */
import t from 'tap'
import { type Reply, send, startApi } from '../../support/api.ts'
import { partOf } from '../../support/tokens.ts'

const run = await startApi({ folder: t.testdir() })
t.teardown(() => run.close())
const post = (path: string, body: unknown): Promise<Reply> => send('POST', `${run.http}${path}`, { body })
const faults = (...list: readonly (readonly [string, string | RegExp])[]) => ({
  status: 400,
  json: {
    title: 'Invalid request',
    detail: 'Resource is not valid',
    invalid_parameters: list.map(([field, reason]) => ({ field, reason })),
    causes: list.map(([field, message]) => ({ field, message })),
  },
})

t.test('answers a data-plane token as plain text and nothing else', async t => {
  const body = {
    name: 'web-1',
    mesh: 'default',
    tags: { 'kuma.io/service': ['web', 'api'] },
    type: 'dataplane',
    validFor: '1h30m',
  }
  const reply = await post('/tokens/dataplane', body)
  t.equal(reply.status, 200)
  t.equal(reply.headers['content-type'], 'text/plain')
  t.match(reply.text, /^[\w-]+\.[\w-]+\.[\w-]+$/)
  const { exp, iat, ...claims } = partOf(reply.text, 'claims')
  t.match(claims, { Name: 'web-1', Mesh: 'default', Tags: body.tags, Type: 'dataplane', Workload: '' })
  t.equal(Number(exp) - Number(iat), 5400 + 5, 'begins five seconds early')
  const claimed = await run.tokens.verifyDataplaneToken(reply.text, 'default')
  t.same(claimed.tags, body.tags)
})

t.test('a data-plane token needs a mesh only, and lasts ten years', async t => {
  const { text } = await post('/tokens/dataplane', { mesh: 'default' })
  const { exp, iat, Name: name, Tags: tags } = partOf(text, 'claims')
  t.same([name, tags], ['', {}])
  t.equal(Number(exp) - Number(iat), 87_600 * 3600 + 5)
})

t.test('answers a user token whose user may ask', async t => {
  const { text } = await post('/tokens/user', { name: 'ann', groups: ['a', 'b'], validFor: '10m' })
  t.same(await run.tokens.verifyUserToken(text), { name: 'ann', groups: ['a', 'b'] })
  const { text: alone } = await post('/tokens/user', { name: 'ann', validFor: '10m' })
  t.equal(partOf(alone, 'claims')['Groups'], null)
})

t.test('answers a zone token, whose scopes are checked', async t => {
  const { text } = await post('/tokens/zone', { zone: 'east', scope: ['ingress', 'egress'], validFor: '1h' })
  t.match(partOf(text, 'claims'), { Zone: 'east', Scope: ['ingress', 'egress'] })
  t.match(partOf((await post('/tokens/zone-ingress', { zone: 'east' })).text, 'claims'), {
    Scope: ['ingress'],
  })
  t.match(
    await post('/tokens/zone', { validFor: 'xx' }),
    faults(['scope', 'cannot be empty'], ['validFor', /invalid duration/]),
  )
  t.match(
    await post('/tokens/zone', { scope: ['foo'] }),
    faults(['scope', /"foo" is not a scope; there are ingress/]),
  )
})

t.test('tells all faults, in order', async t => {
  const invalid = 'is invalid: time: invalid duration "xx"'
  const cases: readonly (readonly [string, object, ReturnType<typeof faults>])[] = [
    ['/tokens/dataplane', {}, faults(['mesh', 'cannot be empty'])],
    [
      '/tokens/dataplane',
      { validFor: 'xx', type: 'foo' },
      faults(['mesh', 'cannot be empty'], ['validFor', invalid], ['type', 'foo is not a valid proxy type']),
    ],
    [
      '/tokens/dataplane',
      { mesh: 'default', type: 'foo' },
      faults(['type', 'foo is not a valid proxy type']),
    ],
    ['/tokens/user', {}, faults(['name', 'cannot be empty'], ['validFor', 'cannot be empty'])],
    ['/tokens/user', { name: 'a', validFor: '0s' }, faults(['validFor', 'cannot be empty or nil'])],
    [
      '/tokens/user',
      { name: 'a', validFor: 'xx' },
      faults(['validFor', invalid], ['validFor', 'cannot be empty or nil']),
    ],
    [
      '/tokens/user',
      { name: 'a', validFor: '1d' },
      faults(['validFor', /unknown unit "d"/], ['validFor', 'cannot be empty or nil']),
    ],
  ]
  for (const [path, body, expected] of cases)
    t.match(await post(path, body), expected, `${path} ${JSON.stringify(body)}`)
})

t.test('tells a wrong type with its field', async t => {
  const cases = [
    ['/tokens/user', { name: 'a', validFor: 5 }, 'validFor'],
    ['/tokens/user', { name: 'a', groups: 'admins', validFor: '1h' }, 'groups'],
    ['/tokens/dataplane', { mesh: ['default'] }, 'mesh'],
    ['/tokens/dataplane', { mesh: 'default', tags: { 'kuma.io/service': 'web' } }, 'tags["kuma.io/service"]'],
  ] as const
  for (const [path, body, field] of cases) {
    t.match(
      await post(path, body),
      { status: 400, json: { title: 'Bad Request', invalid_parameters: [{ field }] } },
      field,
    )
  }
  const broken = await send('POST', `${run.http}/tokens/user`, {
    body: '{',
    headers: { 'content-type': 'application/json' },
  })
  t.match(broken, { status: 400, json: { title: 'Bad Request', detail: /not valid JSON/ } })
  t.equal((await post('/tokens/user', [])).status, 400)
})

t.test('there is no token for a mesh without a key', async t => {
  const detail =
    'there is no signing key with KID 1. Secret of name "dataplane-token-signing-key-nope-1" in mesh "nope" is not found. ' +
    'If signing key was rotated, regenerate the token'
  t.match(await post('/tokens/dataplane', { mesh: 'nope' }), {
    status: 404,
    json: { title: 'Signing Key not found', detail },
  })
})
