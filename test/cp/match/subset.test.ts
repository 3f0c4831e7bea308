/** Promises of cp/match/subset.ts: rules with negated tags as Kuma 2.14 shows them; see worked-examples.test.ts too. */
import t from 'tap'
import type { TaggedItem, Tags } from '../../../cp/match/items.ts'
import { confFor, findRule, type SubsetRule, subsetRules } from '../../../cp/match/subset.ts'
import { resource } from '../../support/resources.ts'

const policies = new Map<string, TaggedItem['policy']>()

function item(policy: string, tags: Tags, conf: unknown): TaggedItem {
  const known = policies.get(policy) ?? resource('MeshTrafficPermission', 'default', policy, {})
  policies.set(policy, known)
  return { policy: known, ruleIndex: 0, tags, conf }
}

/** `env=prod, !service=web → Allow (a, b)` */
function show({ subset, conf, origins }: SubsetRule): string {
  const tags = subset.map(({ key, value, not }) => `${not ? '!' : ''}${key.replace('kuma.io/', '')}=${value}`)
  const text = typeof conf === 'string' ? conf : JSON.stringify(conf)
  return `{${tags.join(', ')}} → ${text} (${origins.map(origin => origin.name).join(', ')})`
}

const SERVICE = 'kuma.io/service'

t.test('the first rule that fits is found, none where none does', async t => {
  const items = [
    item('p', { [SERVICE]: 'web' }, 'Allow'),
    item('p', { [SERVICE]: 'api' }, 'Deny'),
    item('p', { env: 'prod' }, 'Allow'),
  ]
  const rules = subsetRules(items, false)
  t.equal(findRule(rules, { [SERVICE]: 'api', env: 'prod' })?.conf, 'Allow')
  t.equal(findRule(rules, { [SERVICE]: 'api' })?.conf, 'Deny')
  t.equal(findRule(rules, { [SERVICE]: 'db' }), undefined)
})

t.test('what is enforced for a destination is what its rule shows', async t => {
  const all = { connectionTimeout: '5s', http: { requestTimeout: '15s', streamIdleTimeout: '30m' } }
  const items = [
    item('all', {}, all),
    item('b', { [SERVICE]: 'backend' }, { http: { requestTimeout: '2s' } }),
    item('b', { [SERVICE]: 'backend' }, { idleTimeout: '1h' }),
  ]
  const backend = {
    connectionTimeout: '5s',
    http: { requestTimeout: '2s', streamIdleTimeout: '30m' },
    idleTimeout: '1h',
  }
  t.same(subsetRules(items, true).map(show), [
    `{service=backend} → ${JSON.stringify(backend)} (all, b)`,
    `{} → ${JSON.stringify(all)} (all)`,
  ])
  t.same(confFor(items, { [SERVICE]: 'backend', version: '1' }), backend)
  t.same(confFor(items, { [SERVICE]: 'other' }), all)
  t.equal(confFor([], {}), undefined)
})

t.test('a deny later in the list is found before an allow that is wider', async t => {
  const rules = subsetRules(
    [
      item('a', { env: 'prod' }, 'Allow'),
      item('b', { [SERVICE]: 'web' }, 'Allow'),
      item('c', { [SERVICE]: 'api' }, 'Deny'),
    ],
    false,
  )
  t.equal(findRule(rules, { env: 'prod', [SERVICE]: 'api' })?.conf, 'Deny')
})

t.test('without items there are no rules', async t => {
  t.same(subsetRules([], false), [])
  t.same(subsetRules([], true), [])
})

t.test('a hundred tags do not double the work a hundred times', async t => {
  const one = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`tag-${i}`, 'x']))
  t.equal(subsetRules([item('a', one, 'Allow'), item('b', {}, 'Deny')], false).length, 2)
  const many = Array.from({ length: 200 }, (_, i) => item('a', { [`tag-${i % 20}`]: String(i) }, 'Allow'))
  t.equal(subsetRules(many, false).length, 200)
})
