/** What data planes have let through, each text once, and what servers that others wrote make of it. */
import { startReferenceServers } from './reference-servers.ts'
import { replay } from './replay.ts'
import type { Reading } from './strict-reader.ts'

/** The part of a tap test that is needed. */
type Test = import('tap').Test

/** What differs each time. */
const OWN_FIELD = /^x-forwarded-client-cert: By=spiffe|^x-request-id: [0-9a-f-]{36}\r$/gm
const LANES = 4

export class Forwarded {
  readonly #readings = new Map<string, { readonly name: string; readonly reading: Reading }>()

  note(name: string, readings: readonly Reading[]): void {
    for (const reading of readings) {
      const text = reading.requests.map(one => one.text).join('') + reading.rest
      const key = text.replace(OWN_FIELD, '')
      if (key !== '') this.#readings.set(key, { name, reading })
    }
  }

  /** Sends all of it to each server, and fails where one sees other requests. */
  async compare(t: Test): Promise<void> {
    const { servers, missing, close } = await startReferenceServers()
    t.teardown(close)
    for (const name of missing) t.pass(name, { skip: 'not installed' })
    const differences: string[] = []
    for (const server of servers) {
      const refusals = new Map<number, number>()
      const queue = [...this.#readings.values()]
      const lane = async () => {
        for (let one = queue.pop(); one !== undefined; one = queue.pop()) {
          const { difference, refusal } = await replay(server, one.reading)
          if (difference !== '') differences.push(`${server.name}, ${one.name}: ${difference}`)
          if (refusal > 0) refusals.set(refusal, (refusals.get(refusal) ?? 0) + 1)
        }
      }
      await Promise.all(Array.from({ length: LANES }, lane))
      const refused = JSON.stringify([...refusals])
      t.comment(`${server.name}: ${this.#readings.size} sequences, refused by itself: ${refused}`)
    }
    t.same(differences, [], 'no server sees other requests')
  }
}
