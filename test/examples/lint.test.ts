/** The examples are as we would have them: no remark, not even of a deprecated word. */
import { resolve } from 'node:path'
import t from 'tap'
import { runVmeshctl } from '../support/vmeshctl.ts'

const folder = resolve(import.meta.dirname, '../../examples/counter')

t.test('lint has nothing to say of the documents of the demo', async t => {
  const ran = await runVmeshctl(['lint', '--strict', '-R', folder, '-v', 'address=127.0.1.1'], { home: '/' })
  t.same(ran, { code: 0, out: '', err: '' })
})
