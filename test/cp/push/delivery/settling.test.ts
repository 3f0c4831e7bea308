/** Who waits for data planes is woken by them, and looks at no others. */
import t from 'tap'
import { Settling, type Verdict } from '../../../../cp/push/delivery/settling.ts'

function waiting(names: readonly string[]) {
  const settling = new Settling()
  const verdicts = new Map<string, Verdict>()
  const looked: string[] = []
  const limit = new AbortController()
  let isOver = false
  const look = (name: string): Verdict => {
    looked.push(name)
    return verdicts.get(name) ?? 'open'
  }
  const wait = settling.until({ mesh: 'm', names, look, signal: limit.signal }).then(() => {
    isOver = true
  })
  const tell = async (name: string, verdict: Verdict, mesh = 'm'): Promise<boolean> => {
    verdicts.set(name, verdict)
    settling.changed(mesh, name)
    await new Promise(setImmediate)
    return isOver
  }
  return { settling, looked, limit, wait, tell }
}

t.test('each event costs one look, however many are waited for', async t => {
  const names = Array.from({ length: 10_000 }, (_, i) => `dp-${i}`)
  const { looked, settling, tell } = waiting(names)
  for (const name of names.slice(1)) t.equal(await tell(name, 'done'), false)
  t.equal(looked.length, 2 * names.length - 1)
  await tell('dp-1', 'open')
  await tell('dp-0', 'open', 'another')
  t.equal(looked.length, 2 * names.length - 1, 'nor those of others, nor who is done')
  t.ok(await tell('dp-0', 'done'))
  t.equal(settling.count, 0)
})

t.test('one that ends it for all ends it', async t => {
  const { tell, settling } = waiting(['a', 'b', 'c'])
  t.notOk(await tell('a', 'open'))
  t.ok(await tell('b', 'over'))
  t.equal(settling.count, 0)
})

t.test('nobody to wait for, a limit that is reached, and one that was', async t => {
  await waiting([]).wait
  const { wait, limit, settling } = waiting(['a'])
  limit.abort()
  await wait
  t.equal(settling.count, 0)
  await settling.until({ mesh: 'm', names: ['a'], look: () => 'open', signal: limit.signal })
  t.equal(settling.count, 0)
})
