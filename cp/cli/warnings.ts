/**
 * Remarks about many resources, one line a sentence: `a.yaml:7, b.yaml:1, b.yaml:9 and 4 more: warning: …`. Said at the
 * end of a command, to standard error; not at all with --quiet.
 */
import type { World } from './world.ts'

/** Places that are named; the others are counted. */
const NAMED = 3

export class Warnings {
  readonly #bySentence = new Map<string, { readonly sentence: string; readonly places: Set<string> }>()

  /** `place`: which resource it is about. Items of lists are told of once. */
  add(place: string, sentence: string): void {
    const key = sentence.replace(/\[\d+\]/g, '[]')
    const known = this.#bySentence.get(key)
    if (known === undefined) this.#bySentence.set(key, { sentence, places: new Set([place]) })
    else {
      known.places.add(place)
      if (known.sentence !== sentence) this.#bySentence.set(key, { ...known, sentence: key })
    }
  }

  say(world: World, isQuiet: boolean): void {
    if (isQuiet) return
    for (const { sentence, places } of this.#bySentence.values()) {
      const named = [...places].slice(0, NAMED).join(', ')
      const more = places.size > NAMED ? ` and ${places.size - NAMED} more` : ''
      world.err(`${named}${more}: warning: ${sentence}\n`)
    }
  }
}
