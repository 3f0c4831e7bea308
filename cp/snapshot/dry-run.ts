/**
 * What a write changes for data planes: the mesh without and with the changes, both compiled for every data plane that
 * they can touch, connected or not; the sections that differ are told by name. Works on copies and gives way to others,
 * so the mesh may go on changing meanwhile.
 */
import { setImmediate } from 'node:timers/promises'
import { splitChain } from '#base/x509/certificate.ts'
import { builtinCaKeys } from '../ca/builtin.ts'
import { compile } from '../compile/compile.ts'
import type { Resource } from '../kinds/kind.ts'
import { enabledBackend, type MeshSpec } from '../kinds/mesh/mesh.ts'
import { secretText } from '../store/secrets.ts'
import type { Change } from '../store/store.ts'
import type { MeshIndex, Touched } from './mesh-view.ts'
import { changedNames, removedNames, type SectionMap, sectionOf } from './sections.ts'

export interface AffectedProxy {
  readonly name: string
  readonly sections: SectionNames
}

export interface SectionNames {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

/** Compiling gives way to sockets after this long. */
const SLICE_MS = 8

/** By changes that are not made yet. Sorted by name. */
export function affectedBy(index: MeshIndex, changes: readonly Change[]): Promise<readonly AffectedProxy[]> {
  const after = index.copy()
  const touched = apply(after, changes, change => change.after)
  return compare(index.copy(), after, namesOf(touched, index, after))
}

/** By changes that are in `index` already; only data planes that `isWanted`. */
export function affectedSince(
  index: MeshIndex,
  changes: readonly Change[],
  isWanted: (name: string) => boolean,
): Promise<readonly AffectedProxy[]> {
  const before = index.copy()
  const touched = apply(before, changes, change => change.before)
  return compare(before, index.copy(), namesOf(touched, before, index).filter(isWanted))
}

async function compare(
  before: MeshIndex,
  after: MeshIndex,
  names: readonly string[],
): Promise<readonly AffectedProxy[]> {
  const found: AffectedProxy[] = []
  let until = performance.now() + SLICE_MS
  for (const name of names) {
    const sections = difference(sectionsOf(before, name), sectionsOf(after, name))
    if (sections !== null) found.push({ name, sections })
    if (performance.now() <= until) continue
    await setImmediate()
    until = performance.now() + SLICE_MS
  }
  return found
}

/** Does to `index` what the changes of its mesh do, in the direction that `sideOf` says. */
function apply(
  index: MeshIndex,
  changes: readonly Change[],
  sideOf: (change: Change) => Resource | null,
): Touched {
  const { name } = index.mesh
  const touched = new Set<string>()
  let isAll = false
  for (const change of changes) {
    const side = sideOf(change)
    let some: Touched
    if (change.key.type === 'Mesh' && change.key.name === name && side !== null) {
      some = index.setMesh(side as Resource<MeshSpec>)
    } else if (change.key.mesh === name) {
      some = index.change(change.key, side)
      // routes may send calls of those that were never compiled to any service
      if (change.key.type === 'Dataplane' && hasRoutes(index)) {
        for (const one of index.unwatchedNames()) touched.add(one)
      }
    } else continue
    if (some === 'all') isAll = true
    else for (const one of some) touched.add(one)
  }
  const roots = rootsIn(index.mesh, changes, sideOf)
  if (roots !== null && index.setRoots(roots) === 'all') isAll = true
  return isAll ? 'all' : touched
}

function hasRoutes(index: MeshIndex): boolean {
  return ['MeshHTTPRoute', 'MeshTCPRoute', 'TrafficRoute'].some(type => index.policies(type).length > 0)
}

/** A CA that comes with the changes, as when mTLS is turned on; null: it is none of them. */
function rootsIn(
  mesh: Resource<MeshSpec>,
  changes: readonly Change[],
  sideOf: (change: Change) => Resource | null,
): readonly string[] | null {
  const backend = enabledBackend(mesh.spec)
  if (backend === undefined) return null
  const { cert } = builtinCaKeys(mesh.name, backend.name)
  const change = changes.find(
    ({ key }) => key.type === cert.type && key.mesh === cert.mesh && key.name === cert.name,
  )
  const secret = change === undefined ? null : sideOf(change)
  return secret === null ? null : splitChain(secretText(secret))
}

function namesOf(touched: Touched, before: MeshIndex, after: MeshIndex): readonly string[] {
  const names = touched === 'all' ? new Set([...before.dataplaneNames(), ...after.dataplaneNames()]) : touched
  return [...names].sort()
}

function sectionsOf(index: MeshIndex, name: string): SectionMap {
  const dataplane = index.dataplane(name)
  if (dataplane === undefined) return new Map()
  return new Map([...compile(index, dataplane)].map(([section, value]) => [section, sectionOf(value)]))
}

/** null: they are equal. */
function difference(before: SectionMap, after: SectionMap): SectionNames | null {
  const differing = changedNames(before, after)
  const removed = removedNames(before, after).sort()
  if (differing.length === 0 && removed.length === 0) return null
  return {
    added: differing.filter(name => !before.has(name)).sort(),
    changed: differing.filter(name => before.has(name)).sort(),
    removed,
  }
}
