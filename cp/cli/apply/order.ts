/**
 * What of a set of documents needs what: secrets before the Mesh whose CA they are, a Mesh before what is in it. So a
 * document may be refused now and be taken in its turn.
 */
import { isMeshMissing, type Problem } from '../errors.ts'
import type { ResourceDocument } from './documents.ts'

/** Meshes, then what is in them; before a mesh its own secrets, where it is there already. */
export function stagesOf<T extends { readonly document: ResourceDocument }>(
  all: readonly T[],
  hasMesh: (one: T) => boolean,
): readonly (readonly T[])[] {
  const stages: T[][] = [[], [], []]
  const meshes = new Set(
    all.filter(({ document }) => document.kind.type === 'Mesh').map(({ document }) => document.name),
  )
  for (const one of all) {
    const { kind, mesh } = one.document
    const isFirst = kind.type === 'Secret' && meshes.has(mesh) && hasMesh(one)
    stages[isFirst ? 0 : kind.type === 'Mesh' ? 1 : 2]?.push(one)
  }
  return stages
}

/** Why a document that is refused now may be taken when those before it are written; null: it will not. */
export function whyLater(
  document: ResourceDocument,
  problem: Problem,
  documents: readonly ResourceDocument[],
): string | null {
  const { kind, mesh, name } = document
  const comes = (type: string, of: (other: ResourceDocument) => boolean): boolean =>
    documents.some(other => other.kind.type === type && of(other))
  if (isMeshMissing(problem)) {
    return comes('Mesh', other => other.name === mesh) ? 'its mesh is not there yet' : null
  }
  // a fault of the document itself stays one
  if (!/^Failed to (create|update) a resource$/.test(problem.title)) return null
  const reasons = problem.faults.map(({ field, reason }) => `${field}: ${reason}`).join('; ')
  if (kind.type === 'Dataplane' && comes('Mesh', other => other.name === mesh))
    return `it depends on its mesh, which changes: ${reasons}`
  if (
    kind.type === 'Mesh' &&
    problem.title.includes('update') &&
    comes('Secret', other => other.mesh === name)
  )
    return `it depends on secrets, which change: ${reasons}`
  return null
}
