/**
 * Data-plane tokens and user tokens, with Kuma's capitalised claims (kuma-api 7.1). In: who they are for. Out: the
 * JWT, and from a JWT its verified claims. What a data-plane token allows is decided in `token-fits.ts`.
 */
import { randomUUID } from 'node:crypto'
import type { ResourceKey } from '../kinds/kind.ts'
import type { Store } from '../store/store.ts'
import { badToken, type Claims, signJwt, verifyJwt } from './jwt.ts'
import { dataplaneKeys, type KeySet, SigningKeys, USER_KEYS, ZONE_KEYS } from './keys.ts'
import { dataplaneRevocations, Revocations, USER_REVOCATIONS } from './revocations.ts'
import type { User } from './user.ts'

/** Ten years. */
export const DEFAULT_VALID_FOR_MS = 87_600 * 3_600_000
/** Tokens begin this long before they are made, as in Kuma 2.14. */
const BACKDATE_S = 5

/** Empty texts and maps: no restriction. */
export interface DataplaneClaims {
  readonly name: string
  readonly mesh: string
  /** Tags that the Dataplane has to carry, each with the values that it may have. */
  readonly tags: Readonly<Record<string, readonly string[]>>
  readonly type: string
  readonly workload: string
}

export class Tokens {
  readonly keys: SigningKeys
  readonly #revocations: Revocations
  readonly #nowMs: () => number

  constructor(store: Store, nowMs: () => number = Date.now) {
    this.keys = new SigningKeys(store)
    this.#revocations = new Revocations(store)
    this.#nowMs = nowMs
  }

  /** `validForMs` may be negative, as in Kuma. Throws `auth.no-signing-key`, `auth.bad-signing-key`. */
  issueDataplaneToken(claims: DataplaneClaims, validForMs: number = DEFAULT_VALID_FOR_MS): Promise<string> {
    const { name, mesh, tags, type, workload } = claims
    const written = { Name: name, Mesh: mesh, Tags: tags, Type: type, Workload: workload }
    return this.#issue(dataplaneKeys(mesh), written, validForMs)
  }

  /** No groups are written as `null`, as in Kuma. Throws as `issueDataplaneToken`. */
  issueUserToken(user: User, validForMs: number): Promise<string> {
    const groups = user.groups.length === 0 ? null : user.groups
    return this.#issue(USER_KEYS, { Name: user.name, Groups: groups }, validForMs)
  }

  /** Scopes are `ingress` and `egress`; Kuma's others are for zones of several. Throws as `issueDataplaneToken`. */
  issueZoneToken(
    { zone, scope }: { readonly zone: string; readonly scope: readonly string[] },
    validForMs: number = DEFAULT_VALID_FOR_MS,
  ): Promise<string> {
    return this.#issue(ZONE_KEYS, { Zone: zone, Scope: scope }, validForMs)
  }

  /** Of a token signed by a key of this mesh. Throws `auth.bad-token`, `auth.no-signing-key`, `auth.bad-signing-key`. */
  async verifyDataplaneToken(token: string, mesh: string): Promise<DataplaneClaims> {
    const claims = await this.#verify(token, dataplaneKeys(mesh), dataplaneRevocations(mesh))
    return {
      name: textOf(claims, 'Name'),
      mesh: textOf(claims, 'Mesh'),
      tags: tagsOf(claims),
      type: textOf(claims, 'Type'),
      workload: textOf(claims, 'Workload'),
    }
  }

  /** Throws as `verifyDataplaneToken`. */
  async verifyUserToken(token: string): Promise<User> {
    const claims = await this.#verify(token, USER_KEYS, USER_REVOCATIONS)
    return { name: textOf(claims, 'Name'), groups: listOf(claims['Groups'] ?? [], 'Groups') }
  }

  async #issue(set: KeySet, claims: Claims, validForMs: number): Promise<string> {
    const key = await this.keys.newest(set)
    const nowMs = this.#nowMs()
    const begin = Math.floor(nowMs / 1000) - BACKDATE_S
    const exp = Math.floor((nowMs + validForMs) / 1000)
    return signJwt({ ...claims, exp, nbf: begin, iat: begin, jti: randomUUID() }, key)
  }

  async #verify(token: string, set: KeySet, revocations: ResourceKey): Promise<Claims> {
    const claims = await verifyJwt(
      token,
      async kid => (await this.keys.byKid(set, kid)).publicKey,
      this.#nowMs(),
    )
    const id = textOf(claims, 'jti')
    if (await this.#revocations.isRevoked(revocations, id)) throw badToken(`was revoked (id ${id})`)
    return claims
  }
}

function textOf(claims: Claims, name: string): string {
  const value = claims[name] ?? ''
  if (typeof value !== 'string') throw badToken(`has a claim ${name} that is not text`)
  return value
}

function tagsOf(claims: Claims): Readonly<Record<string, readonly string[]>> {
  const tags = claims['Tags'] ?? {}
  if (typeof tags !== 'object' || Array.isArray(tags)) throw badToken('has a claim Tags that is not a map')
  return Object.fromEntries(Object.entries(tags).map(([tag, values]) => [tag, listOf(values, `Tags.${tag}`)]))
}

function listOf(value: unknown, name: string): readonly string[] {
  if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value
  throw badToken(`has a claim ${name} that is not a list of texts`)
}
