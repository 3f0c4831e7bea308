/**
 * What a write takes from people and data planes without changing a snapshot, for its dry run: tokens that end with
 * their signing key (kuma-api 7.1), roles that nobody gives any more (7.5).
 */
import { signingKeyOf } from '../../auth/keys.ts'
import type { AccessRoleBindingSpec } from '../../kinds/access/access-role-binding.ts'
import type { Resource, ResourceDraft, ResourceKey } from '../../kinds/kind.ts'
import { secretText } from '../../store/secrets.ts'
import type { Store } from '../../store/store.ts'

type Reader = Pick<Store, 'get' | 'list'>

/** Sentences; none where nothing ends. `after` null: it is deleted. */
export async function lossesOf(
  store: Reader,
  before: Resource | null,
  after: ResourceDraft | null,
): Promise<readonly string[]> {
  if (before === null) return []
  if (before.type === 'Secret' || before.type === 'GlobalSecret') return tokenLosses(store, before, after)
  if (before.type === 'AccessRole' || before.type === 'AccessRoleBinding')
    return roleLosses(store, before, after)
  return []
}

async function tokenLosses(
  store: Reader,
  before: Resource,
  after: ResourceDraft | null,
): Promise<readonly string[]> {
  const key = signingKeyOf(before)
  if (key === null || (after !== null && secretText(after) === secretText(before))) return []
  const isLast = (await store.list(before.type, before.mesh)).every(
    other => other.name === before.name || signingKeyOf(other)?.tokens !== key.tokens,
  )
  const what = `${key.tokens} token${before.mesh === '' ? '' : ` of mesh ${JSON.stringify(before.mesh)}`}`
  const then = before.mesh === '' ? '' : '; data planes that are connected stay so until they connect again'
  return [
    `every ${what} that this key has signed ends (KID ${key.kid}; how many there are is not known)${then}`,
    ...(isLast && after === null
      ? [`it is the last such key: no ${what} can be made until a key is stored`]
      : []),
  ]
}

async function roleLosses(
  store: Reader,
  before: Resource,
  after: ResourceDraft | null,
): Promise<readonly string[]> {
  const [roles, bindings] = await Promise.all([store.list('AccessRole'), store.list('AccessRoleBinding')])
  const now = [...roles, ...bindings]
  const then = [...now.filter(one => !isSame(one, before)), ...(after === null ? [] : [after])]
  const kept = grantsOf(then)
  const losses = [...grantsOf(now)].map(([subject, given]) => {
    return [subject, [...given].filter(role => kept.get(subject)?.has(role) !== true)] as const
  })
  return losses.flatMap(([subject, lost]) =>
    lost.length === 0 ? [] : [`${subject} loses the role${lost.length > 1 ? 's' : ''} ${lost.join(', ')}`],
  )
}

/** By `user "ann"`: names of the roles that are there. */
function grantsOf(
  resources: readonly Pick<Resource, 'type' | 'name' | 'spec'>[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const roles = new Set(resources.filter(({ type }) => type === 'AccessRole').map(({ name }) => name))
  const grants = new Map<string, Set<string>>()
  for (const { type, spec } of resources) {
    if (type !== 'AccessRoleBinding') continue
    // stored specs passed their kind's schema
    const binding = spec as AccessRoleBindingSpec
    for (const { type: what, name = '' } of binding.subjects ?? []) {
      const subject = `${what.toLowerCase()} ${JSON.stringify(name)}`
      const given = (binding.roles ?? []).filter(role => roles.has(role))
      grants.set(subject, new Set([...(grants.get(subject) ?? []), ...given]))
    }
  }
  return grants
}

function isSame(a: ResourceKey, b: ResourceKey): boolean {
  return a.type === b.type && a.mesh === b.mesh && a.name === b.name
}
