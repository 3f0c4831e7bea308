/**
 * A process to be killed: it waits for a line `FOLDER ROUND FILE`, opens the store there and makes 1,000 concurrent
 * commits, again and again, each writing two resources with the same port, which rises from wave to wave. Number and
 * port of each that was acknowledged go to FILE at once; stdout gets a line too, so that the killer sees how far it is.
 */
import { once } from 'node:events'
import { openSync, writeSync } from 'node:fs'
import { openJsonStore } from '../../cp/store/json-store.ts'
import { silentLogger } from '../../dp/base/log.ts'
import { put } from '../suites/store-suite.ts'

export const COMMITS = 1000
/** Ports of round r begin at r times this. */
export const PORTS_A_ROUND = 1000

if (process.argv[1]?.endsWith('store-writer.ts') === true) {
  const [line] = await once(process.stdin, 'data')
  const [dir = '', round = '', file = ''] = String(line).trim().split(' ')
  // small, so that folds happen in each round
  const store = await openJsonStore({ dir, log: silentLogger(), foldAtBytes: 100_000, backupEveryMs: 0 })
  const acknowledged = openSync(file, 'w')
  process.stdout.write('open\n')
  for (let port = Number(round) * PORTS_A_ROUND; ; port++) {
    const writes = Array.from({ length: COMMITS }, async (_, index) => {
      await store.commit([put(`left-${index}`, port), put(`right-${index}`, port)])
      writeSync(acknowledged, `${index} ${port}\n`)
      process.stdout.write('acknowledged\n')
    })
    await Promise.all(writes)
  }
}
