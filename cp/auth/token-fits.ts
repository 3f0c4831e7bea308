/**
 * Does a verified data-plane token allow this Dataplane (kuma-api 7.2)? Pure, so that it can be asked again when the
 * Dataplane changes. The sentences are Kuma's. `Type` is carried and not checked, as in Kuma.
 */
import type { Labels } from '../kinds/kind.ts'
import type { DataplaneClaims } from './tokens.ts'

/** What of a Dataplane a token can restrict. */
export interface DataplaneFacts {
  readonly mesh: string
  readonly name: string
  readonly labels: Labels
  /** The tags of each inbound, or those of the gateway. */
  readonly tagSets: readonly Readonly<Record<string, string>>[]
}

const WORKLOAD_LABEL = 'kuma.io/workload'

/** null: it fits; else why not. */
export function dataplaneTokenFits(claims: DataplaneClaims, dataplane: DataplaneFacts): string | null {
  return (
    proxyTokenFits(claims, dataplane) ??
    tagsFit(claims, dataplane.tagSets) ??
    workloadFits(claims.workload, dataplane.labels[WORKLOAD_LABEL])
  )
}

/** What can be said before the Dataplane is known: mesh and name. */
export function proxyTokenFits(
  claims: DataplaneClaims,
  proxy: { readonly mesh: string; readonly name: string },
): string | null {
  if (claims.mesh !== '' && claims.mesh !== proxy.mesh) {
    return `proxy mesh from requestor: ${proxy.mesh} is different than in token: ${claims.mesh}`
  }
  if (claims.name !== '' && claims.name !== proxy.name) {
    return `proxy name from requestor: ${proxy.name} is different than in token: ${claims.name}`
  }
  return null
}

function tagsFit(claims: DataplaneClaims, tagSets: DataplaneFacts['tagSets']): string | null {
  for (const [tag, allowed] of Object.entries(claims.tags)) {
    const values = tagSets.flatMap(tags => (Object.hasOwn(tags, tag) ? [tags[tag] ?? ''] : []))
    if (values.length === 0) return `dataplane has no tag ${quoted(tag)} required by the token`
    const wrong = values.find(value => !allowed.includes(value))
    if (wrong !== undefined) {
      return (
        `dataplane contains tag ${quoted(tag)} with value ${quoted(wrong)} which is not allowed with this token. ` +
        `Allowed values in token are [${[...allowed].sort().map(quoted).join(' ')}]`
      )
    }
  }
  return null
}

function workloadFits(inToken: string, ofDataplane: string | undefined): string | null {
  if (inToken === '') return null
  if (ofDataplane === undefined) return 'dataplane has no workload label required by the token'
  if (ofDataplane === inToken) return null
  return (
    `dataplane workload ${quoted(ofDataplane)} is not allowed with this token. ` +
    `Allowed workload in token is ${quoted(inToken)}`
  )
}

function quoted(text: string): string {
  return JSON.stringify(text)
}
