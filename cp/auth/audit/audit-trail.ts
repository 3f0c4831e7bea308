/**
 * Who did what, as far as AccessAudits want to know (kuma-api 7.6): changes, tokens and looks → JSON lines. Of tokens
 * and secrets only names, ids and claims are written, never values.
 */
import type { AccessAuditSpec, AuditRule } from '../../kinds/access/access-audit.ts'
import type { Access } from '../../kinds/access/accesses.ts'
import type { Resource, ResourceKey } from '../../kinds/kind.ts'
import type { Change, Store } from '../../store/store.ts'
import { type Derived, derive } from '../derived.ts'
import type { Claims } from '../jwt.ts'
import type { User } from '../user.ts'
import type { AuditFile } from './audit-file.ts'

/** All resolve as `AuditFile.append` does: who waits before answering acknowledges nothing that has no line. */
export interface AuditTrail {
  /** All changes of one commit. */
  changed(user: User, changes: readonly Change[]): Promise<void>
  /** `claims`: of the token that was made. */
  issued(user: User, access: Access, claims: Claims): Promise<void>
  /** `resource`: the proxy that was looked at; null: the control plane. */
  viewed(user: User, access: Access, resource: ResourceKey | null): Promise<void>
}

export interface AuditOptions {
  readonly store: Store
  readonly file: Pick<AuditFile, 'append'>
  /** Types that a rule without types is not for. */
  readonly skipDefaultTypes: readonly string[]
  readonly nowMs?: () => number
}

interface Rule {
  /** null: all but those to be skipped. */
  readonly types: ReadonlySet<string> | null
  /** null: any, and what is in none. */
  readonly mesh: string | null
  /** null: all. */
  readonly access: ReadonlySet<Access> | null
}

/** Throws what the store throws. */
export async function startAuditTrail(
  options: AuditOptions,
): Promise<{ readonly trail: AuditTrail; stop(): void }> {
  const rules = await derive(options.store, [AUDIT], resources => resources.flatMap(rulesOf))
  return { trail: new Trail(options, rules), stop: () => rules.stop() }
}

const AUDIT = 'AccessAudit'

class Trail implements AuditTrail {
  readonly #options: AuditOptions
  readonly #rules: Derived<readonly Rule[]>
  readonly #skipped: ReadonlySet<string>
  /** As they were at the last change: whoever ends the audit is audited. */
  #before: readonly Rule[] = []

  constructor(options: AuditOptions, rules: Derived<readonly Rule[]>) {
    this.#options = options
    this.#rules = rules
    this.#skipped = new Set(options.skipDefaultTypes)
    this.#before = rules.value()
  }

  async changed(user: User, changes: readonly Change[]): Promise<void> {
    const now = this.#rules.value()
    const written: Promise<void>[] = []
    for (const { key, before, after } of changes) {
      const action = before === null ? 'CREATE' : after === null ? 'DELETE' : 'UPDATE'
      const rules = key.type === AUDIT ? [...now, ...this.#before] : now
      const mesh = key.type === 'Mesh' ? key.name : key.mesh
      const isWanted = rules.some(
        rule =>
          isFor(rule, action, mesh) &&
          (rule.types === null ? !this.#skipped.has(key.type) : rule.types.has(key.type)),
      )
      if (isWanted) written.push(this.#write(user, action, { resource: shownKey(key) }))
    }
    this.#before = now
    await Promise.all(written)
  }

  async issued(user: User, access: Access, claims: Claims): Promise<void> {
    const mesh = typeof claims['Mesh'] === 'string' ? claims['Mesh'] : ''
    if (!this.#rules.value().some(rule => isFor(rule, access, mesh))) return
    const { jti, exp } = claims
    const expiresAt = typeof exp === 'number' ? new Date(exp * 1000).toISOString() : undefined
    await this.#write(user, access, { token: { id: jti, expiresAt, claims: ownClaims(claims) } })
  }

  async viewed(user: User, access: Access, resource: ResourceKey | null): Promise<void> {
    if (!this.#rules.value().some(rule => isFor(rule, access, resource?.mesh ?? ''))) return
    await this.#write(user, access, resource === null ? {} : { resource: shownKey(resource) })
  }

  #write(user: User, action: Access, what: object): Promise<void> {
    const { file, nowMs = Date.now } = this.#options
    const date = new Date(nowMs()).toISOString()
    const { name, groups } = user
    return file.append(JSON.stringify({ date, action, ...what, user: { name, groups } }))
  }
}

function rulesOf({ spec }: Resource): readonly Rule[] {
  // stored specs passed their kind's schema
  const { rules = [] } = spec as AccessAuditSpec
  return rules.map(({ types = [], mesh = '', access = [], accessAll = false }: AuditRule) => ({
    types: types.length === 0 ? null : new Set(types),
    mesh: mesh === '' || mesh === '*' ? null : mesh,
    access: accessAll ? null : new Set(access),
  }))
}

function isFor(rule: Rule, access: Access, mesh: string): boolean {
  return (rule.access === null || rule.access.has(access)) && (rule.mesh === null || rule.mesh === mesh)
}

function shownKey({ name, mesh, type }: ResourceKey): object {
  return { name, mesh, type }
}

/** What a token is for: the claims with capitals, under small names as Kong Mesh writes them. */
function ownClaims(claims: Claims): object {
  const own = Object.entries(claims).filter(([name]) => /^[A-Z]/.test(name))
  return Object.fromEntries(
    own.map(([name, value]) => [`${name.slice(0, 1).toLowerCase()}${name.slice(1)}`, value]),
  )
}
