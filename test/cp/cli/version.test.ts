/** Two people edit one resource: what was read with its version overwrites nothing that came later. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startApi } from '../../support/api.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const home = t.testdir()
const api = await startApi({ folder: join(home, 'cp') })
t.teardown(() => api.close())

const run = (line: string, input = '') =>
  runVmeshctl([...line.split(' '), '--quiet'], { home, input, environment: { VMESHCTL_ADDRESS: api.http } })
const timeout = (idle: string, name = 'mine'): string =>
  `type: MeshTimeout\nmesh: default\nname: ${name}\nspec:\n  to:\n    - targetRef: {kind: Mesh}\n      default: {idleTimeout: ${idle}}\n`
const idleOf = async (): Promise<string> =>
  /idleTimeout: (\S+)/.exec((await run('get meshtimeout mine -o yaml')).out)?.[1] ?? ''

t.beforeEach(async () => void (await run('apply -f -', timeout('1m'))))

for (const format of ['yaml', 'json']) {
  t.test(`of two who edit what get -o ${format} --with-version says, the second is refused`, async t => {
    const read = await run(`get meshtimeout mine --with-version -o ${format}`)
    t.match(read, { code: 0, out: /^ *"?version"?: "?\d+-\d+"?,?$/m })
    const mine = read.out.replace('1m', '2m')
    const yours = read.out.replace('1m', '3m')
    t.match(await run('diff -f -', mine), { code: 2, out: /-.*1m0s\n.*\+.*2m0s/ }, 'it can be compared')
    t.match(await run('lint -f -', mine), { code: 0 }, 'and checked')
    t.match(await run('apply -f -', mine), { code: 0, out: /mine" Updated\n$/ })
    const refusal = /mine is "\d+-\d+" now; read it again and repeat the change/
    for (const line of ['diff -f -', 'apply --dry-run -f -', 'apply -f -'])
      t.match(await run(line, yours), { code: 1, err: refusal }, line)
    t.match(await idleOf(), /2m/)
  })
}

t.test('what was deleted meanwhile does not come back', async t => {
  const { out } = await run('get meshtimeout mine -o yaml --with-version')
  await run('delete meshtimeout mine')
  t.match(await run('apply -f -', out), { code: 1, err: /mine does not exist; read it again/ })
  t.match(await run('get meshtimeout mine'), { code: 1 })
})

t.test('one that is out of date stops a file before its first write', async t => {
  const { out } = await run('get meshtimeout mine -o yaml --with-version')
  await run('apply -f -', timeout('2m'))
  const stopped = await run('apply -f -', `${timeout('5m', 'other')}---\n${out.replace('1m', '3m')}`)
  t.match(stopped, { code: 1, err: /nothing was written/ })
  t.match(await run('get meshtimeout other'), { code: 1 })
})

t.test('without a version the last one wins, as with kumactl', async t => {
  const { out } = await run('get meshtimeout mine -o yaml')
  t.notMatch(out, /version:/)
  t.match(await run('apply -f -', out.replace('1m', '2m')), { code: 0 })
  t.match(await run('apply -f -', out.replace('1m', '3m')), { code: 0 })
  t.match(await idleOf(), /3m/)
})

t.test('says what is no version, and where there is none', async t => {
  const wrong = join(home, 'wrong.yaml')
  writeFileSync(wrong, `version: 7\n${timeout('1m')}`)
  const fault = `${wrong}:1: version: is none; vmeshctl get --with-version writes it, such as 1795425457-49\n`
  t.match(await run(`apply -f ${wrong}`), { code: 1, err: fault })
  t.match(await run(`lint ${wrong}`), { code: 1 })
  for (const line of ['get meshtimeouts -o yaml', 'get meshtimeout mine'])
    t.match(await run(`${line} --with-version`), { code: 64, err: /give its NAME and -o/ }, line)
})
