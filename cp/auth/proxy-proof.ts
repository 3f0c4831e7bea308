/**
 * Does this data plane hold the name it claims? In: the Authorization header, mesh and name of the upgrade request.
 * Out: a proof that can be held against the Dataplane now and whenever it changes, or 401/403 with a reason. The
 * stored Dataplane has to fit too, before a data plane may replace it (kuma-api 5.4).
 */
import { CodedError } from '#base/errors.ts'
import type { ResourceDraft } from '../kinds/kind.ts'
import type { Store } from '../store/store.ts'
import { unverifiedClaims } from './jwt.ts'
import { dataplaneTokenFits, proxyTokenFits } from './token-fits.ts'
import type { DataplaneClaims, Tokens } from './tokens.ts'

export interface ProxyProof {
  readonly claims: DataplaneClaims
  /** null: the token allows this Dataplane; else why not. Pure. */
  fits(dataplane: ResourceDraft): string | null
}

export type ProxyProofResult =
  | { readonly ok: true; readonly proof: ProxyProof }
  | { readonly ok: false; readonly status: 401 | 403; readonly reason: string }

/**
 * 401: no token, or one that is not valid here; 403: a valid one for something else. Throws only what the store
 * throws.
 */
export async function proveProxy(
  tokens: Tokens,
  store: Store,
  request: { readonly authorization: string | undefined; readonly mesh: string; readonly name: string },
): Promise<ProxyProofResult> {
  const { mesh, name } = request
  const remedy = `get one with: vmeshctl generate dataplane-token --mesh ${mesh} --name ${name}`
  const verified = await verify(tokens, request.authorization, mesh)
  if (!verified.ok) return { ok: false, status: 401, reason: `${verified.reason}; ${remedy}` }
  const proof = proofOf(verified.claims)
  const stored = await store.get({ type: 'Dataplane', mesh, name })
  const fault = proxyTokenFits(verified.claims, request) ?? (stored === null ? null : proof.fits(stored))
  return fault === null ? { ok: true, proof } : { ok: false, status: 403, reason: `${fault}; ${remedy}` }
}

async function verify(
  tokens: Tokens,
  authorization: string | undefined,
  mesh: string,
): Promise<{ ok: true; claims: DataplaneClaims } | { ok: false; reason: string }> {
  const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1]
  if (token === undefined)
    return { ok: false, reason: 'the request bears no token (Authorization: Bearer TOKEN)' }
  try {
    return { ok: true, claims: await tokens.verifyDataplaneToken(token, mesh) }
  } catch (error) {
    if (!(error instanceof CodedError) || !error.code.startsWith('auth.')) throw error
    const says = unverifiedClaims(token)['Mesh']
    const hint =
      says === mesh || says === undefined ? '' : ` (it says that it is for mesh ${JSON.stringify(says)})`
    return { ok: false, reason: `${error.message}${hint}` }
  }
}

function proofOf(claims: DataplaneClaims): ProxyProof {
  return {
    claims,
    fits: dataplane => dataplaneTokenFits(claims, { ...dataplane, tagSets: tagSetsIn(dataplane.spec) }),
  }
}

/** The tags of each inbound of a Dataplane's spec, or those of its gateway. */
function tagSetsIn(spec: unknown): readonly Readonly<Record<string, string>>[] {
  const networking = fieldOf(spec, 'networking')
  const inbounds = fieldOf(networking, 'inbound')
  const holders = [fieldOf(networking, 'gateway'), ...(Array.isArray(inbounds) ? inbounds : [])]
  return holders.map(holder => {
    const tags = Object.entries(fieldOf(holder, 'tags') ?? {})
    return Object.fromEntries(tags.map(([tag, value]) => [tag, String(value)]))
  })
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
