/** Where too few endpoints are healthy all are used, or none, by those that are there now. */
import t from 'tap'
import type { Endpoint, Mark } from '../../../../dp/cluster/endpoint.ts'
import { Panic } from '../../../../dp/cluster/outlier/panic.ts'

const MARK: Mark = { cause: 'failing', reason: 'for a test', sinceMs: 0 }
const ALL_OR_NONE = { policy: 'HealthCheck/test', percent: 60, refuses: true }

class Told {
  marks: readonly Mark[] = []
  readonly told: boolean[] = []

  setPanic(isInPanic: boolean): void {
    this.told.push(isInPanic)
  }
}

function start(count: number) {
  const panic = new Panic()
  const some = Array.from({ length: count }, () => new Told())
  const endpoints = (of: readonly Told[] = some) => of as unknown as readonly Endpoint[]
  const mark = (told: Told | undefined, marks: readonly Mark[]) => {
    if (told === undefined) throw new Error('no such endpoint')
    told.marks = marks
    for (const endpoint of endpoints([told])) panic.note(endpoint)
  }
  return { panic, some, endpoints, mark }
}

t.test('all are used where less than half are healthy, and are told only when that changes', async t => {
  const { panic, some, endpoints, mark } = start(4)
  panic.watch(endpoints(), undefined)
  mark(some[0], [MARK])
  mark(some[1], [MARK])
  t.same(some[3]?.told, [false], 'half of them is enough')
  mark(some[2], [MARK])
  mark(some[3], [MARK])
  t.same(some[3]?.told, [false, true])
  mark(some[3], [])
  mark(some[2], [])
  t.same(some[3]?.told, [false, true, false])
})

t.test('one that is marked twice is one', async t => {
  const { panic, some, endpoints, mark } = start(4)
  panic.watch(endpoints(), undefined)
  mark(some[0], [MARK])
  mark(some[0], [MARK, { ...MARK, cause: 'ejected' }])
  mark(some[1], [MARK])
  mark(some[0], [MARK])
  t.same(some[3]?.told, [false])
})

t.test('calls are refused instead where a policy says so', async t => {
  const { panic, some, endpoints, mark } = start(2)
  panic.watch(endpoints(), ALL_OR_NONE)
  mark(some[0], [MARK])
  t.equal(panic.isRefusing, true)
  t.same(some[1]?.told, [false])
  panic.watch(endpoints(), undefined)
  t.equal(panic.isRefusing, false)
})

t.test('those that are gone count no more, whatever is said of them; new ones learn how it is', async t => {
  const { panic, some, endpoints, mark } = start(5)
  panic.watch(endpoints(), undefined)
  mark(some[0], [MARK])
  mark(some[1], [MARK])
  panic.watch(endpoints(some.slice(0, 3)), undefined)
  t.same(some[2]?.told, [false, true])
  const fresh = new Told()
  panic.watch(endpoints([...some.slice(0, 3), fresh]), undefined)
  t.same(fresh.told, [false], 'two of four')
  mark(some[4], [MARK, MARK])
  t.same(fresh.told, [false])
  panic.watch(endpoints([...some.slice(0, 2), fresh]), undefined)
  t.same(fresh.told, [false, true])
})
