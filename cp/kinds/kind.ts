/**
 * What a kind of resource is: its name and path in the API, its encoding, its schema with documentation, and the
 * checks that a schema cannot express. One file per kind calls `defineKind`; `registry.ts` lists them all.
 */
import type { z } from 'zod'

export type Labels = Readonly<Record<string, string>>

/** A stored resource. `spec` is in the form that is shown (camelCase, normalised durations). */
export interface Resource<Spec = unknown> {
  readonly type: string
  /** Empty for kinds of global scope. */
  readonly mesh: string
  readonly name: string
  readonly labels: Labels
  readonly spec: Spec
  /** RFC 3339, as Kuma shows them. */
  readonly creationTime: string
  readonly modificationTime: string
  /** Store revision of the last write; 0 while it was never stored. */
  readonly revision: number
}

/** What is given to the store: the store fills in times and revision. */
export type ResourceDraft<Spec = unknown> = Omit<
  Resource<Spec>,
  'creationTime' | 'modificationTime' | 'revision'
>

export interface ResourceKey {
  readonly type: string
  readonly mesh: string
  readonly name: string
}

/** A fault of the input: a path as Kuma writes it (`networking.inbound[0].tags["kuma.io/service"]`). */
export interface Violation {
  readonly field: string
  readonly message: string
  /** Kuma finds it only when it stores the resource, so that alone it comes under another title (kuma-api 1.4). */
  readonly whenStored?: true
}

/** A field (or a value of it) that is stored and not enforced yet. */
export interface Unenforced {
  readonly field: string
  /** Says what happens instead, for the operator. */
  readonly message: string
  /** Its purpose is to refuse traffic: a PUT needs `?acceptUnenforced=true`. */
  readonly refusesTraffic: boolean
}

export interface Kind<Spec = unknown> {
  readonly type: string
  /** Plural segment of the API path. */
  readonly path: string
  /** Further segments that are served too. */
  readonly aliases: readonly string[]
  /** Arguments of `vmeshctl get`: singular. */
  readonly singular: string
  readonly plural: string
  readonly scope: 'Global' | 'Mesh'
  /** `flat`: spec fields beside the metadata (Kuma's protobuf kinds); `spec`: under `spec`. */
  readonly encoding: 'flat' | 'spec'
  /** Of the KRI; empty when the kind has none. */
  readonly shortName: string
  readonly isPolicy: boolean
  readonly readOnly: boolean
  /** Only admins may read or write it (secrets). */
  readonly adminOnly: boolean
  /** Longest name, in characters. */
  readonly maxNameLength: number
  /** Which of the computed labels of section 4.2 it gets. */
  readonly computedLabels: 'none' | 'mesh' | 'zone' | 'full'
  /** One paragraph for the reference. */
  readonly doc: string
  readonly schema: z.ZodType<Spec>
  /** Semantic faults of a spec whose shape is right, with paths relative to the spec. */
  check(spec: Spec, meta: { readonly mesh: string; readonly name: string }): readonly Violation[]
  /** Deprecations and other remarks that do not refuse. */
  warnings(spec: Spec, meta: { readonly mesh: string; readonly name: string }): readonly string[]
  unenforced(spec: Spec): readonly Unenforced[]
  /** Further keys of the representation, computed from what is stored: they go before the spec, and are ignored on input. */
  computed(resource: Resource<Spec>): Readonly<Record<string, unknown>>
  /** The kind as a whole is stored and has no effect yet; null: it acts. The one flag of a kind that is not enforced. */
  readonly notEnforced: NotEnforced | null
  /** What `status` shows while nothing has written one; null: the kind has no status. */
  readonly emptyStatus: Readonly<Record<string, unknown>> | null
}

export interface NotEnforced {
  /** What happens instead, for the operator. */
  readonly message: string
  /** Its purpose is to refuse traffic: a PUT needs `?acceptUnenforced=true`. */
  readonly refusesTraffic: boolean
}

/** What one file per kind gives; the rest has defaults. */
export type KindOptions<Spec> = Pick<Kind<Spec>, 'type' | 'path' | 'scope' | 'encoding' | 'doc' | 'schema'> &
  Partial<Kind<Spec>>

export function defineKind<Spec>(options: KindOptions<Spec>): Kind<Spec> {
  const singular = options.singular ?? options.type.toLowerCase()
  return {
    aliases: [],
    singular,
    plural: options.plural ?? `${singular}s`,
    shortName: '',
    isPolicy: false,
    readOnly: false,
    adminOnly: false,
    maxNameLength: 253,
    computedLabels: options.scope === 'Mesh' ? 'full' : 'zone',
    check: () => [],
    warnings: () => [],
    unenforced: () => [],
    computed: () => ({}),
    notEnforced: null,
    emptyStatus: null,
    ...options,
  }
}

export function keyOf(resource: ResourceKey): ResourceKey {
  return { type: resource.type, mesh: resource.mesh, name: resource.name }
}

/** One string per resource: `Type/mesh/name`; names hold no slash. */
export function keyText(key: ResourceKey): string {
  return `${key.type}/${key.mesh}/${key.name}`
}
