/**
 * `when` of an AccessRole's rule → does it hold for this content (kuma-api 7.5)? A policy is taken as several with one
 * item of `to`, `from` or `rules` each, all of which have to be allowed: so conditions add up, and none lets through
 * what stands beside its own item. Stricter than Kong Mesh there; what is not understood holds for nothing.
 */
import type { AccessCondition, AccessRule } from '../../kinds/access/access-role.ts'
import { kindByType } from '../../kinds/registry.ts'
import { traitsOf } from '../../kinds/schema/policy-traits.ts'
import type { TargetRef } from '../../kinds/target-ref.ts'

export interface Conditions {
  /** One of them holds for a resource of this type with this spec. */
  holdForResource(type: string, spec: unknown): boolean
  /** One of them holds for a data plane token with these tags. */
  holdForToken(tags: TokenTags): boolean
}

export type TokenTags = Readonly<Record<string, readonly string[]>>
type Tags = Readonly<Record<string, string>>

/** null: anything. */
interface Targets {
  readonly top: TargetRef | null
  readonly to: TargetRef | null
  readonly from: TargetRef | null
}

const SELECTOR_LISTS = ['sources', 'destinations', 'selectors'] as const
type SelectorList = (typeof SELECTOR_LISTS)[number]
type Selectors = readonly (readonly [list: SelectorList, tags: Tags])[]
type TokenCondition = readonly (readonly [tag: string, value: string])[]

/** null: there is no `when`, the rule holds for any content. */
export function compileConditions(when: AccessRule['when']): Conditions | null {
  if (when === undefined || when.length === 0) return null
  const targets = when.flatMap(targetsOf)
  const selectors = when.flatMap(selectorsOf)
  const tokens = when.flatMap(tokenOf)
  return {
    holdForResource(type, spec) {
      const kind = kindByType(type)
      if (kind === undefined || !isObject(spec)) return false
      return traitsOf(kind).isTargetRef
        ? targetsHold(targets, spec)
        : selectors.some(condition => selectorsHold(condition, spec))
    },
    holdForToken: tags => tokens.some(condition => tokenHolds(condition, tags)),
  }
}

/** A condition that mixes parts of different kinds of policies can hold for none of them. */
function isOnly(condition: AccessCondition, parts: readonly (keyof AccessCondition)[]): boolean {
  const given = Object.entries(condition).filter(([, value]) => value !== undefined)
  return given.length > 0 && given.every(([name]) => parts.some(part => part === name))
}

function targetsOf(condition: AccessCondition): readonly Targets[] {
  const { targetRef, to, from } = condition
  if (!isOnly(condition, ['targetRef', 'to', 'from'])) return []
  if (
    (to !== undefined && to.targetRef === undefined) ||
    (from !== undefined && from.targetRef === undefined)
  )
    return []
  return [{ top: targetRef ?? null, to: to?.targetRef ?? null, from: from?.targetRef ?? null }]
}

function selectorsOf(condition: AccessCondition): readonly Selectors[] {
  if (!isOnly(condition, SELECTOR_LISTS)) return []
  const given = SELECTOR_LISTS.filter(list => condition[list] !== undefined)
  return [given.map(list => [list, condition[list]?.match ?? {}] as const)]
}

function tokenOf(condition: AccessCondition): readonly TokenCondition[] {
  const tags = condition.dpToken?.tags ?? []
  if (!isOnly(condition, ['dpToken']) || tags.length === 0) return []
  return [tags.map(({ name = '', value = '' }) => [name, value] as const)]
}

function targetsHold(all: readonly Targets[], spec: Fields): boolean {
  const top = refOf(spec['targetRef']) ?? WHOLE_MESH
  const holding = all.filter(one => one.top === null || covers(one.top, top))
  const to = itemsOf(spec['to']).map(item => refOf(item['targetRef']) ?? WHOLE_MESH)
  const from = [
    ...itemsOf(spec['from']).map(item => refOf(item['targetRef']) ?? WHOLE_MESH),
    // rules choose clients by identity, if at all: to roles they are for anybody
    ...itemsOf(spec['rules']).map(() => WHOLE_MESH),
  ]
  if (to.length + from.length === 0) return holding.some(one => one.to === null && one.from === null)
  return (
    to.every(ref => holding.some(one => (one.to === null ? one.from === null : covers(one.to, ref)))) &&
    from.every(ref => holding.some(one => (one.from === null ? one.to === null : covers(one.from, ref))))
  )
}

const WHOLE_MESH: TargetRef = { kind: 'Mesh' }

/** All that `ref` can select is within what `allowed` says. */
function covers(allowed: TargetRef, ref: TargetRef): boolean {
  const { proxyTypes = [] } = ref
  const onlyTypes = allowed.proxyTypes ?? []
  return (
    allowed.kind === ref.kind &&
    EXACT.every(field => allowed[field] === undefined || allowed[field] === ref[field]) &&
    hasTags(allowed.tags ?? {}, ref.tags ?? {}) &&
    hasTags(allowed.labels ?? {}, ref.labels ?? {}) &&
    (onlyTypes.length === 0 || (proxyTypes.length > 0 && proxyTypes.every(type => onlyTypes.includes(type))))
  )
}

const EXACT = ['name', 'namespace', 'sectionName', 'mesh'] as const

/** Every selector of the list narrows to the tags; a list that is not there selects everything. */
function selectorsHold(condition: Selectors, spec: Fields): boolean {
  return condition.every(([list, tags]) => {
    const selectors = itemsOf(spec[list])
    return selectors.length > 0 && selectors.every(({ match }) => hasTags(tags, isObject(match) ? match : {}))
  })
}

/** A token without the tag is for any value of it. */
function tokenHolds(condition: TokenCondition, tags: TokenTags): boolean {
  return condition.every(([tag, value]) => {
    const values = Object.hasOwn(tags, tag) ? (tags[tag] ?? []) : []
    return values.length > 0 && values.every(one => matches(value, one))
  })
}

function hasTags(wanted: Tags, tags: Fields): boolean {
  return Object.entries(wanted).every(([tag, pattern]) => {
    const value = Object.hasOwn(tags, tag) ? tags[tag] : undefined
    return typeof value === 'string' && matches(pattern, value)
  })
}

/** `*` stands for any text, anywhere and more than once. In time linear to the text for each part between stars. */
function matches(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return pattern === text
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false
  const end = text.length - last.length
  let at = first.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

type Fields = Readonly<Record<string, unknown>>

function refOf(value: unknown): TargetRef | null {
  // stored specs passed their kind's schema
  return isObject(value) && typeof value['kind'] === 'string' ? (value as TargetRef) : null
}

function itemsOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
