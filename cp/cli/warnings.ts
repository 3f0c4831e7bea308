/**
 * Remarks about many resources, one line a sentence: `web.yaml:7 and 3 more: warning: …`. Said at the end of a command,
 * to standard error; not at all with --quiet.
 */
import type { World } from './world.ts'

export class Warnings {
  readonly #places = new Map<string, string[]>()

  /** `place`: which resource it is about; the first is named, the others are counted. */
  add(place: string, sentence: string): void {
    const places = this.#places.get(sentence)
    if (places === undefined) this.#places.set(sentence, [place])
    else if (!places.includes(place)) places.push(place)
  }

  say(world: World, isQuiet: boolean): void {
    if (isQuiet) return
    for (const [sentence, [first = '', ...others]] of this.#places) {
      const more = others.length === 0 ? '' : ` and ${others.length} more`
      world.err(`${first}${more}: warning: ${sentence}\n`)
    }
  }
}
