/**
 * How long certificates live. In: the settings of a Mesh, in Kuma's syntax of one unit
 * (`30d`), kuma-semantics 4.1. Pure.
 */
import { meshDurationMs } from '#base/duration.ts'

export const DEFAULT_LIFETIME_MS = 7 * 24 * 3_600_000
export const DEFAULT_CA_LIFETIME_MS = 10 * 365 * 24 * 3_600_000
/** Certificates begin this long before they are made: for VMs whose clock is behind. */
export const BACKDATE_MS = 10 * 60_000

/** What of a Mesh decides the lifetime of its members' certificates. */
export interface LifetimeSettings {
  readonly mtls?:
    | {
        readonly enabledBackend?: string | undefined
        readonly backends?:
          | readonly {
              readonly name: string
              readonly dpCert?:
                | { readonly rotation?: { readonly expiration?: string | undefined } | undefined }
                | undefined
            }[]
          | undefined
      }
    | undefined
}

/** Of a member's certificate from now on, in ms: `dpCert.rotation.expiration` of the enabled backend, else 7 days. */
export function lifetimeOf(mesh: LifetimeSettings): number {
  const backend = mesh.mtls?.backends?.find(one => one.name === mesh.mtls?.enabledBackend)
  return parseLifetime(backend?.dpCert?.rotation?.expiration) ?? DEFAULT_LIFETIME_MS
}

/** ms of a duration like `30d`; null when it is left out, `0`, or not of that form (refused when it was written). */
export function parseLifetime(text: string | undefined): number | null {
  return meshDurationMs(text ?? '') || null
}
