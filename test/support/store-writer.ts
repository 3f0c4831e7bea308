/**
 * A process to be killed: it waits for a line `FOLDER ROUND FILE`, opens the store there and makes 1,000 concurrent
 * commits, each writing two resources whose port is the round. The number of each that was acknowledged goes to
 * FILE at once; stdout gets a line too, so that the killer sees how far it is.
 */
import { once } from 'node:events'
import { openSync, writeSync } from 'node:fs'
import { openJsonStore } from '../../cp/store/json-store.ts'
import { silentLogger } from '../../dp/base/log.ts'
import { put } from '../suites/store-suite.ts'

export const COMMITS = 1000

if (process.argv[1]?.endsWith('store-writer.ts') === true) {
  const [line] = await once(process.stdin, 'data')
  const [dir = '', round = '', file = ''] = String(line).trim().split(' ')
  // small, so that folds happen in each round
  const store = await openJsonStore({ dir, log: silentLogger(), foldAtBytes: 100_000, backupEveryMs: 0 })
  const acknowledged = openSync(file, 'w')
  process.stdout.write('open\n')
  const writes: Promise<void>[] = []
  for (let index = 0; index < COMMITS; index++) {
    const commit = store.commit([put(`left-${index}`, Number(round)), put(`right-${index}`, Number(round))])
    writes.push(
      commit.then(() => {
        writeSync(acknowledged, `${index}\n`)
        process.stdout.write('acknowledged\n')
      }),
    )
  }
  await Promise.all(writes)
  process.stdin.destroy()
}
