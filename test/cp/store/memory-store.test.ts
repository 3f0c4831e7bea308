/** The memory store keeps the promises of every store. */
import t from 'tap'
import { createMemoryStore } from '../../../cp/store/memory-store.ts'
import { storeSuite } from '../../suites/store-suite.ts'

storeSuite(t, async (_t, options) => createMemoryStore(options))

t.test('bears the epoch that it was given', async t => {
  t.equal(createMemoryStore({ epoch: 7 }).epoch, 7)
})
