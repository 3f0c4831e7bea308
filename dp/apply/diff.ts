/** (what runs, what should run) → what has to be added, changed and removed. Pure; equal sections change nothing. */
import { isDeepStrictEqual } from 'node:util'
import type { Sections } from '#contract/snapshot.ts'

export interface Changes {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

export interface SectionChanges {
  readonly listeners: Changes
  readonly clusters: Changes
}

/** `old`: null before the first snapshot. */
export function diffSections(old: Sections | null, next: Sections): SectionChanges {
  return {
    listeners: diffMaps(old?.listeners ?? new Map(), next.listeners),
    clusters: diffMaps(old?.clusters ?? new Map(), next.clusters),
  }
}

function diffMaps<T>(old: ReadonlyMap<string, T>, next: ReadonlyMap<string, T>): Changes {
  const names = [...next.keys()]
  const isSame = (name: string) =>
    old.get(name) === next.get(name) || isDeepStrictEqual(old.get(name), next.get(name))
  return {
    added: names.filter(name => !old.has(name)),
    changed: names.filter(name => old.has(name) && !isSame(name)),
    removed: [...old.keys()].filter(name => !next.has(name)),
  }
}
