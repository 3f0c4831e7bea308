/** The first rate that fits a client says how many of its connections are taken. */
import t from 'tap'
import { ConnectionRates } from '../../../dp/listener/connection-rates.ts'

const WEB = ['spiffe://default/web']

/** Cells by name, as workers share them. */
function cellsByName() {
  const cells = new Map<string, Int32Array>()
  return (name: string, count: number): Int32Array => {
    const found = cells.get(name) ?? new Int32Array(count)
    cells.set(name, found)
    return found
  }
}

const rate = (policy: string, connections: number | null, sni?: string) => ({
  policy,
  connections,
  intervalMs: 3_600_000,
  ...(sni !== undefined && { clients: { sni } }),
})

t.test('by the server name that is asked for, then for all', async t => {
  const rates = new ConnectionRates(
    [rate('db', 2, 'db'), rate('admin', null, 'admin'), rate('all', 1)],
    cellsByName(),
  )
  const of = (sni: string, times: number) => Array.from({ length: times }, () => rates.refusalOf(WEB, sni))
  t.same(of('db', 4), [null, null, 'db', 'db'])
  t.same(of('admin', 4), [null, null, null, null], 'as many as come')
  t.same(of('other', 2), [null, 'all'])
})

t.test('without a rate all are taken; a change of others leaves what was counted', async t => {
  const cells = cellsByName()
  t.equal(new ConnectionRates([], cells).refusalOf(WEB, ''), null)
  t.equal(new ConnectionRates([rate('all', 1)], cells).refusalOf(WEB, ''), null)
  const changed = new ConnectionRates([rate('db', 5, 'db'), rate('all', 1)], cells)
  t.equal(changed.refusalOf(WEB, ''), 'all')
})
