/**
 * Stored AccessRoles and AccessRoleBindings → rules by user and by group, ready to be asked with every request
 * (kuma-api 7.5). What a rule says about a single action is answered here; which actions a request needs, by `rbac.ts`.
 */
import type { AccessRoleSpec, AccessRule } from '../../kinds/access/access-role.ts'
import type { AccessRoleBindingSpec } from '../../kinds/access/access-role-binding.ts'
import type { Access } from '../../kinds/access/accesses.ts'
import type { Resource } from '../../kinds/kind.ts'
import { GUARDED_TYPES } from '../access.ts'
import type { User } from '../user.ts'
import { type Conditions, compileConditions, type TokenTags } from './conditions.ts'

export interface Rule {
  readonly role: string
  readonly access: ReadonlySet<Access>
  /** null: all but `GUARDED_TYPES`. */
  readonly types: ReadonlySet<string> | null
  /** null: any. */
  readonly names: ReadonlySet<string> | null
  /** null: any, and what is in no mesh; `*`: any mesh, and what is in one. */
  readonly mesh: string | null
  /** null: any content. */
  readonly conditions: Conditions | null
  /** What `conditions` were made of. */
  readonly when: NonNullable<AccessRule['when']>
}

export class Roles {
  readonly #byUser = new Map<string, Rule[]>()
  readonly #byGroup = new Map<string, Rule[]>()
  /** Of all roles, bound or not. */
  readonly all: readonly Rule[]

  /** Of both types, in any order. A binding to a role that does not exist gives nothing. */
  constructor(resources: readonly Resource[]) {
    const byRole = new Map<string, readonly Rule[]>()
    for (const { type, name, spec } of resources) {
      // stored specs passed their kind's schema
      if (type === 'AccessRole') byRole.set(name, rulesOf(name, spec as AccessRoleSpec))
    }
    this.all = [...byRole.values()].flat()
    for (const { type, spec } of resources) {
      if (type !== 'AccessRoleBinding') continue
      const { subjects = [], roles = [] } = spec as AccessRoleBindingSpec
      const rules = roles.flatMap(role => byRole.get(role) ?? [])
      for (const subject of subjects) {
        const map = subject.type === 'User' ? this.#byUser : this.#byGroup
        const name = subject.name ?? ''
        map.set(name, [...(map.get(name) ?? []), ...rules])
      }
    }
  }

  /** Bound to the user or to one of the groups. */
  of({ name, groups }: User): readonly Rule[] {
    return [this.#byUser.get(name) ?? [], ...groups.map(group => this.#byGroup.get(group) ?? [])].flat()
  }
}

function rulesOf(role: string, { rules = [] }: AccessRoleSpec): readonly Rule[] {
  return rules.map(({ types, names, mesh = '', access = [], when = [] }: AccessRule) => ({
    role,
    access: new Set(access),
    types: setOf(types),
    names: setOf(names),
    mesh: mesh === '' ? null : mesh,
    conditions: compileConditions(when),
    when,
  }))
}

function setOf(texts: readonly string[] | undefined): ReadonlySet<string> | null {
  return texts === undefined || texts.length === 0 ? null : new Set(texts)
}

/** What is stored, or is to be stored. */
export type Content = Pick<Resource, 'type' | 'mesh' | 'name' | 'spec'>

export function allowsResource(rule: Rule, access: Access, content: Content): boolean {
  const { type, name, spec } = content
  return (
    rule.access.has(access) &&
    isForType(rule, type) &&
    isForName(rule, name) &&
    isForMesh(rule, type === 'Mesh' ? name : content.mesh) &&
    (rule.conditions === null || rule.conditions.holdForResource(type, spec))
  )
}

/**
 * Reading of a guarded type: for those who may write it whatever it holds. `mesh`, `name` undefined: a list of all.
 */
export function allowsReading(
  rule: Rule,
  what: { readonly type: string; readonly mesh?: string | undefined; readonly name?: string | undefined },
): boolean {
  return (
    rule.types?.has(what.type) === true &&
    WRITES.some(access => rule.access.has(access)) &&
    (rule.names === null || (what.name !== undefined && rule.names.has(what.name))) &&
    (what.mesh === undefined ? rule.mesh === null || rule.mesh === '*' : isForMesh(rule, what.mesh)) &&
    rule.conditions === null
  )
}

/** `what`: what a token is for, or whom a look is at; empty where there is none. Types say nothing about these. */
export function allowsOther(
  rule: Rule,
  access: Access,
  what: { readonly mesh: string; readonly name: string; readonly tags?: TokenTags },
): boolean {
  return (
    rule.access.has(access) &&
    isForName(rule, what.name) &&
    isForMesh(rule, what.mesh) &&
    (rule.conditions === null || (what.tags !== undefined && rule.conditions.holdForToken(what.tags)))
  )
}

export const WRITES = ['CREATE', 'UPDATE', 'DELETE'] as const satisfies readonly Access[]

export function isForType({ types }: Rule, type: string): boolean {
  return types === null ? !GUARDED_TYPES.has(type) : types.has(type)
}

function isForName({ names }: Rule, name: string): boolean {
  return names === null || names.has(name)
}

function isForMesh({ mesh }: Rule, name: string): boolean {
  return mesh === null || (name !== '' && (mesh === '*' || mesh === name))
}
