/** The names of mesh members. */
import t from 'tap'
import { identityUris, isMemberOf, parseIdentityUri, provesService } from '../../../cp/kinds/spiffe.ts'

t.test('names each service and tag once, services first, sorted', async t => {
  const uris = identityUris('default', [
    { 'kuma.io/service': 'web', 'kuma.io/zone': 'east', team: 'b' },
    { 'kuma.io/service': 'admin', 'kuma.io/zone': 'east', team: 'a' },
    { 'kuma.io/service': 'web', team: 'a' },
  ])
  t.same(uris, [
    'spiffe://default/admin',
    'spiffe://default/web',
    'kuma://kuma.io/service/admin',
    'kuma://kuma.io/service/web',
    'kuma://kuma.io/zone/east',
    'kuma://team/a',
    'kuma://team/b',
  ])
  t.same(identityUris('default', []), [])
})

t.test('reads names back', async t => {
  t.same(parseIdentityUri('spiffe://default/web'), { type: 'service', mesh: 'default', service: 'web' })
  t.same(parseIdentityUri('kuma://kuma.io/zone/east'), { type: 'tag', tag: 'kuma.io/zone', value: 'east' })
  t.same(parseIdentityUri('kuma://team/a'), { type: 'tag', tag: 'team', value: 'a' })
  for (const uri of ['spiffe://default', 'spiffe://default/a/b', 'https://default/web', 'kuma://team', ''])
    t.equal(parseIdentityUri(uri), null, uri)
})

t.test('a member of another mesh, or one whose name only begins alike, is none of ours', async t => {
  const uris = ['spiffe://default/web', 'kuma://kuma.io/service/web']
  t.ok(isMemberOf('default', uris))
  t.notOk(isMemberOf('def', uris))
  t.notOk(isMemberOf('default', ['spiffe://default']))
  t.notOk(isMemberOf('default', ['spiffe://default2/web']))
  t.ok(provesService('default', 'web', uris))
  t.ok(provesService('default', '*', uris))
  t.notOk(provesService('default', 'we', uris))
  t.notOk(provesService('other', '*', uris))
})
