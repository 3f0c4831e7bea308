/**
 * `kill -9` in the middle of 1,000 concurrent writes, 50 times on one store: every acknowledged write is there
 * afterwards, no commit is there by half, and the files are readable. VMESH_TEST_SEED repeats a run.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { openJsonStore } from '../../../cp/store/json-store.ts'
import { silentLogger } from '../../../dp/base/log.ts'
import { COMMITS, PORTS_A_ROUND } from '../../support/store-writer.ts'

const ROUNDS = 50
const seed = Number(process.env['VMESH_TEST_SEED'] ?? Date.now() % 1_000_000)

t.test(`keeps every acknowledged write through ${ROUNDS} kills (seed ${seed})`, async t => {
  const dir = join(t.testdir(), 'store')
  const file = join(dir, '..', 'acknowledged')
  const random = randomFrom(seed)
  let count = 0
  let next = start()
  for (let round = 1; round <= ROUNDS; round++) {
    const child = next
    next = start()
    await killInTheMiddle(child, `${dir} ${round} ${file}`, Math.floor(random() * COMMITS) - 20)
    const acknowledged = (await readFile(file, 'utf8')).split('\n').slice(0, -1)
    count += acknowledged.length
    const faults = await check(dir, round, acknowledged)
    if (faults.length > 0) t.same(faults, [], `round ${round}`)
  }
  next.kill('SIGKILL')
  t.comment(`${count} writes acknowledged in ${ROUNDS} rounds`)
  t.ok(count > ROUNDS * 100, 'many writes had been acknowledged')
})

/** Started one round ahead: it loads its modules while the round before is checked. */
function start(): ChildProcess {
  return spawn(process.execPath, ['test/support/store-writer.ts'], { stdio: ['pipe', 'pipe', 'inherit'] })
}

/** After `count` acknowledged writes; when that is negative, as soon as the store is open. */
async function killInTheMiddle(child: ChildProcess, order: string, count: number): Promise<void> {
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error('the child has no pipes')
  const exited = once(child, 'exit')
  let lines = 0
  createInterface({ input: stdout }).on('line', () => {
    lines++
    if (lines > count) child.kill('SIGKILL')
  })
  stdin.write(`${order}\n`)
  await exited
}

/** @param acknowledged lines of number and port, in order */
async function check(
  dir: string,
  round: number,
  acknowledged: readonly string[],
): Promise<readonly string[]> {
  const faults: string[] = []
  for (const name of await readdir(dir)) {
    if (!name.startsWith('checkpoint.json')) continue
    const value: unknown = JSON.parse(await readFile(join(dir, name), 'utf8'))
    if (typeof value !== 'object') faults.push(`${name} is not readable`)
  }
  const store = await openJsonStore({ dir, log: silentLogger(), keepBackups: 0 })
  const ports = new Map<string, number>()
  for (const one of await store.list('Dataplane')) {
    ports.set(one.name, Number(/"port":(\d+)/.exec(JSON.stringify(one.spec))?.[1]))
  }
  await store.close()
  for (const line of acknowledged) {
    const [index, port] = line.split(' ')
    // a later wave may have been stored and not acknowledged
    if ((ports.get(`left-${index}`) ?? 0) < Number(port)) faults.push(`acknowledged write ${line} is lost`)
  }
  for (let index = 0; index < COMMITS; index++) {
    const left = ports.get(`left-${index}`)
    if (left !== ports.get(`right-${index}`)) faults.push(`commit ${index} is there by half`)
    if ((left ?? 0) >= (round + 1) * PORTS_A_ROUND) faults.push(`write ${index} comes from nowhere`)
  }
  return faults
}

/** mulberry32: small, and the same everywhere. */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
