/** One holder a store: told by name while it lives, gone with its process. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import t from 'tap'
import { lockStore } from '../../../cp/store/lock.ts'

const HOLDER = `
import { lockStore } from ${JSON.stringify(resolve('cp/store/lock.ts'))}
await lockStore(process.argv[1])
console.log('held')
setInterval(() => undefined, 1000)
`

t.test(
  'is refused to a second process, which is told the first, and is free when that one is killed',
  async t => {
    const dir = t.testdir()
    const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(holder.stdout, 'data')
    await t.rejects(lockStore(dir), {
      code: 'store.locked',
      details: { pid: holder.pid },
      message: new RegExp(`in use by process ${holder.pid}: only one control plane`),
    })
    const exited = once(holder, 'exit')
    holder.kill('SIGSTOP')
    await t.rejects(
      lockStore(dir),
      { code: 'store.locked', message: /another process/ },
      'also when it hangs',
    )
    holder.kill('SIGKILL')
    await exited
    const lock = await lockStore(dir)
    await lock.release()
  },
)

t.test('is of the folder, whatever name it is given', async t => {
  const dir = t.testdir({ store: {} })
  await symlink(join(dir, 'store'), join(dir, 'link'))
  const lock = await lockStore(join(dir, 'link'))
  await t.rejects(lockStore(join(dir, 'store', '..', 'store')), { code: 'store.locked' })
  const other = await lockStore(dir)
  await other.release()
  await lock.release()
  await (await lockStore(join(dir, 'store'))).release()
})
