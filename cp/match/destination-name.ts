/** Kuma's name of a destination (semantics 3.0): of clusters, and in what the inspect API shows. */
import { createHash } from 'node:crypto'
import { SERVICE_TAG } from '../kinds/spiffe.ts'

/** The service, and 16 hex digits of all tags where there are more. */
export function destinationName(tags: Readonly<Record<string, string>>): string {
  const service = tags[SERVICE_TAG] ?? ''
  return Object.keys(tags).length <= 1 ? service : `${service}-${tagsHash(tags)}`
}

/** 16 hex digits. */
export function tagsHash(tags: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256')
  for (const key of Object.keys(tags).sort()) hash.update(key + (tags[key] ?? ''))
  return hash.digest('hex').slice(0, 16)
}
