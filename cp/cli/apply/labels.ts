/**
 * Labels of what is stored, against those of its document: `apply --prune` finds resources by a label that stands in no
 * file, so a document that says nothing of labels takes none away. One that has `labels` means them all, as everywhere.
 */
import { at, type Shown } from '../output.ts'
import type { ResourceDocument } from './documents.ts'

/** The document as it is sent. Labels of Kuma go with what is not written, as with Kuma: some change what a policy does. */
export function withKeptLabels({ body }: ResourceDocument, stored: Shown | null): Shown {
  if (body['labels'] !== undefined) return body
  const kept = Object.fromEntries(ownLabels(stored))
  return Object.keys(kept).length === 0 ? body : { ...body, labels: kept }
}

/** Sentences for who changed the file. `isWritten`: something differs from what was stored. */
export function labelRemarks(
  { body }: ResourceDocument,
  stored: Shown | null,
  isWritten: boolean,
): readonly string[] {
  const missing = ownLabels(stored).filter(([key]) => at(body, 'labels', key) === undefined)
  if (body['labels'] === undefined) {
    return missing.map(
      ([key, value]) => `label ${key}=${value} is stored and stays; "labels: {}" in the file takes it away`,
    )
  }
  if (!isWritten) return []
  return missing.map(
    ([key, value]) => `label ${key}=${value} is stored and not in the file: it is taken away`,
  )
}

function ownLabels(stored: Shown | null): readonly (readonly [key: string, value: string])[] {
  const labels = Object.entries(at(stored, 'labels') ?? {})
  return labels.flatMap(([key, value]) => (isOfMesh(key) ? [] : [[key, String(value)] as const]))
}

function isOfMesh(key: string): boolean {
  return /^(kuma|vmesh)\.io\/|^k8s\.kuma\.io\//.test(key)
}
