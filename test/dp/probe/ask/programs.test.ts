/** Probes by a program and by systemd: what is run, with what, and that nothing of it is left. */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { asks, watched } from '../../../support/asked.ts'

const exec = (...command: string[]) => ({ type: 'exec', command }) as const
const unit = (name: string) => ({ type: 'systemd', unit: name }) as const
/** systemd is the init of this machine. */
const runsSystemd = existsSync('/run/systemd/system')

t.test('exec: the exit code decides', async t => {
  t.equal(await asks(exec('true')), '')
  t.equal(await asks(exec('false')), 'false exited with 1')
  t.equal(await asks(exec('sh', '-c', 'exit 37')), 'sh exited with 37')
  t.equal(await asks(exec('sh', '-c', 'kill -9 $$')), 'sh was ended by SIGKILL')
})

t.test('exec: what cannot be run is a reason', async t => {
  const file = join(t.testdir({ plain: 'x' }), 'plain')
  t.equal(await asks(exec('/nowhere/check')), 'cannot run /nowhere/check: there is no such program')
  t.equal(await asks(exec(file)), `cannot run ${file}: it may not be run`)
  t.equal(await asks(exec()), 'the probe names no program')
  await t.rejects(asks(exec('a\0b')), /null bytes/)
})

t.test('exec: there is no shell between', async t => {
  t.equal(await asks(exec('test', '$HOME;`true`', '=', ['$HOME', '`true`'].join(';'))), '')
})

t.test('exec: the program sees a path and a language, and nothing else of us', async t => {
  process.env['VMESH_DATAPLANE_TOKEN'] = 'secret'
  t.teardown(() => {
    delete process.env['VMESH_DATAPLANE_TOKEN']
  })
  const file = join(t.testdir(), 'seen')
  const script = `require('fs').writeFileSync(${JSON.stringify(file)}, JSON.stringify([process.env, process.cwd()]))`
  t.equal(await asks(exec(process.execPath, '-e', script)), '')
  const [environment, folder] = JSON.parse(readFileSync(file, 'utf8'))
  t.same(environment, { PATH: '/usr/bin:/bin', LANG: 'C' })
  t.equal(folder, '/')
})

t.test('exec: what it says is read by nobody and holds up nothing', async t => {
  t.equal(await asks(exec('sh', '-c', 'head -c 10000000 /dev/zero; head -c 10000000 /dev/zero >&2; cat')), '')
})

t.test('exec: one that hangs is ended with all that it has started', async t => {
  const home = await watched(t)
  const stop = new AbortController()
  const said = asks(exec(process.execPath, '-e', hanging(home.port)), { signal: stop.signal })
  // the program and its child call home, and end their connections when they end
  await home.came(2)
  stop.abort()
  t.match(await said, /was ended by SIGKILL$/)
  await home.gone()
})

t.test('exec: what it leaves behind ends with it', async t => {
  const home = await watched(t)
  const child = `require("net").connect(${home.port}, "127.0.0.1", () => console.log("here")).resume()`
  const spawned = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(child)}])`
  const said = await asks(
    exec(process.execPath, '-e', `${spawned}.stdout.once("data", () => process.exit())`),
  )
  t.equal(said, '')
  await home.came(1)
  await home.gone()
})

t.test('exec: only where the daemon is allowed to', async t => {
  const file = join(t.testdir(), 'touched')
  const said = await asks(exec('touch', file), { means: { allowsExec: false } })
  t.match(said, /not allowed on this machine.*--allow-exec-probes=true/)
  t.notOk(existsSync(file))
})

t.test('systemd: active and reloading units are well', async t => {
  for (const [state, said] of [
    ['ActiveState=active\nLoadState=loaded', ''],
    ['LoadState=loaded\nActiveState=reloading', ''],
    ['ActiveState=activating\nLoadState=loaded', 'unit web.service is activating'],
    ['ActiveState=failed\nLoadState=loaded', 'unit web.service is failed'],
    ['ActiveState=inactive\nLoadState=not-found', 'there is no unit web.service'],
    ['', 'unit web.service is in no state that systemctl tells'],
  ] as const) {
    const systemctl = program(t, `printf '%s\\n' "${state}"`)
    t.equal(await asks(unit('web.service'), { means: { systemctl } }), said)
  }
})

t.test('systemd: asks for that unit alone', async t => {
  const folder = t.testdir()
  const systemctl = program(t, `echo "$@" > ${folder}/asked; echo ActiveState=active`)
  t.equal(await asks(unit('app@1:a\\x2db.service'), { means: { systemctl } }), '')
  t.equal(
    readFileSync(join(folder, 'asked'), 'utf8'),
    'show --property=ActiveState,LoadState -- app@1:a\\x2db.service\n',
  )
  for (const name of ['', '-all', '*', 'a b', '../a', 'a\n', `${'a'.repeat(256)}`])
    t.match(await asks(unit(name), { means: { systemctl } }), /is no name of a unit/)
})

t.test('systemd: a machine where it does not answer', async t => {
  const means = { systemctl: '/nowhere/systemctl' }
  t.equal(await asks(unit('web'), { means }), 'there is no /nowhere/systemctl on this machine')
  const failing = program(t, 'echo "Failed to connect to bus: Host is down" >&2; exit 1')
  t.equal(
    await asks(unit('web'), { means: { systemctl: failing } }),
    'systemctl does not answer: Failed to connect to bus: Host is down',
  )
  const talking = program(t, 'yes')
  t.match(
    await asks(unit('web'), { means: { systemctl: talking } }),
    /systemctl does not answer: .*maxBuffer/,
  )
})

t.test('systemd: one that hangs is ended', async t => {
  const home = await watched(t)
  const systemctl = program(t, `exec ${process.execPath} -e '${calling(home.port)}'`)
  const stop = new AbortController()
  const said = asks(unit('web'), { means: { systemctl }, signal: stop.signal })
  await home.came(1)
  stop.abort()
  t.match(await said, /systemctl does not answer/)
  await home.gone()
})

const needsSystemctl =
  spawnSync('systemctl', ['--version']).status === 0 ? {} : { skip: 'there is no systemctl here' }

t.test('systemd: of this machine', needsSystemctl, async t => {
  const said = await asks(unit('vmesh-nothing-of-that-name.service'))
  if (runsSystemd) {
    t.equal(said, 'there is no unit vmesh-nothing-of-that-name.service')
    t.equal(await asks(unit('sysinit.target')), '')
  } else t.match(said, /^systemctl does not answer: /)
})

let programs = 0
function program(t: import('tap').Test, script: string): string {
  const file = join(t.testdirName, `program-${++programs}`)
  if (!existsSync(t.testdirName)) t.testdir()
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return file
}

/** Connects and waits for ever. */
function calling(port: number): string {
  return `require("net").connect(${port}, "127.0.0.1").resume()`
}

/** The same, and has a child that does so and wants no SIGTERM. */
function hanging(port: number): string {
  const child = `process.on("SIGTERM", () => {}); ${calling(port)}`
  return `${calling(port)}; require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: "ignore" })`
}
