/** The unit files: that systemd reads them without a complaint, and that they fit the programs they start. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CP_SETTINGS } from '../../cp/config.ts'
import { goDurationMs } from '../../dp/base/duration.ts'
import { EXIT } from '../../dp/base/process/exit-codes.ts'
import { flagOf, variableOf } from '../../dp/base/settings.ts'
import { DP_SETTINGS } from '../../dp/config.ts'

const UNITS = 'systemd/system'
const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0
const needsAnalyze = hasAnalyze ? {} : { skip: 'systemd-analyze is not installed (package systemd)' }
const hasSysusers = spawnSync('systemd-sysusers', ['--version']).status === 0
const needsSysusers =
  hasSysusers && process.getuid?.() === 0
    ? {}
    : { skip: 'systemd-sysusers is not installed (package systemd), or this is not root' }

function analyze(...args: string[]): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' })
  return { status, text: stdout + stderr }
}

/** The units with programs that are there: verify wants to see them. */
function staged(folder: string, change: (text: string) => string = text => text): string {
  const units = join(folder, 'units')
  cpSync(UNITS, units, { recursive: true })
  for (const name of ['vmesh-cp.service', 'vmesh-dp@.service']) {
    const text = readFileSync(join(units, name), 'utf8')
    writeFileSync(join(units, name), change(text.replace(/\/usr\/bin\/vmesh-[cd]p/, '/bin/true')))
  }
  return units
}

const verify = (units: string) =>
  analyze(
    'verify',
    '--man=no',
    '--recursive-errors=no',
    join(units, 'vmesh-cp.service'),
    join(units, 'vmesh-dp@.service'),
  )

t.test('systemd reads the units without a complaint', needsAnalyze, async t => {
  t.same(verify(staged(t.testdir())), { status: 0, text: '' })
})

t.test('a mistake in a unit would be noticed', needsAnalyze, async t => {
  const { text } = verify(staged(t.testdir(), text => text.replace('RestartSec=', 'RestartSecs=')))
  t.match(text, /RestartSecs/)
})

t.test('the units are hardened', needsAnalyze, async t => {
  for (const unit of ['vmesh-cp.service', 'vmesh-dp@.service']) {
    const path = join(staged(t.testdir()), unit)
    const { status, text } = analyze('security', '--offline=true', '--threshold=15', path)
    t.equal(status, 0, `${unit}: ${text.trim().split('\n').at(-1)}`)
  }
  const bare = join(t.testdir({ 'bare.service': '[Service]\nExecStart=/bin/true\n' }), 'bare.service')
  t.not(
    analyze('security', '--offline=true', '--threshold=15', bare).status,
    0,
    'the threshold means something',
  )
})

t.test('users and folders can be made', needsSysusers, async t => {
  const root = t.testdir({ etc: { passwd: '', group: '' } })
  mkdirSync(join(root, 'usr/lib'), { recursive: true })
  for (const [program, folder] of [
    ['systemd-sysusers', 'sysusers.d'],
    ['systemd-tmpfiles', 'tmpfiles.d'],
  ] as const) {
    cpSync(`systemd/${folder}`, join(root, 'usr/lib', folder), { recursive: true })
    const args = program === 'systemd-tmpfiles' ? ['--create'] : []
    const { status, stderr } = spawnSync(program, [`--root=${root}`, ...args, 'vmesh.conf'], {
      encoding: 'utf8',
    })
    t.equal(status, 0, stderr)
  }
  t.match(readFileSync(join(root, 'etc/passwd'), 'utf8'), /vmesh-cp:.*\n.*vmesh-dp:/)
})

t.test('the units give flags that the programs have', async t => {
  for (const [unit, table] of [
    ['vmesh-cp.service', CP_SETTINGS],
    ['vmesh-dp@.service', DP_SETTINGS],
  ] as const) {
    const flags = [...(lineOf(unit, 'ExecStart') ?? '').matchAll(/--[a-z-]+/g)].map(match => match[0])
    const known = Object.keys(table).map(flagOf)
    t.ok(flags.length > 0)
    t.same(
      flags.filter(flag => !known.includes(flag)),
      [],
      unit,
    )
  }
})

t.test('the default files name variables that the programs have, with values they take', async t => {
  for (const [file, table] of [
    ['vmesh-cp', CP_SETTINGS],
    ['vmesh-dp', DP_SETTINGS],
  ] as const) {
    const text = readFileSync(`systemd/default/${file}`, 'utf8')
    const variables = [...text.matchAll(/^#?([A-Z_0-9]+)=/gm)].map(match => match[1] ?? '')
    const known = [...Object.keys(table).map(variableOf), 'OPTIONS']
    t.ok(variables.length > 3)
    t.same(
      variables.filter(variable => !known.includes(variable)),
      [],
      file,
    )
  }
})

t.test('stopping is given the drain time and 10 s, and permanent faults are not tried again', async t => {
  const drainMs = goDurationMs(DP_SETTINGS.drainTime.default) ?? 0
  t.equal(Number(lineOf('vmesh-dp@.service', 'TimeoutStopSec')) * 1_000, drainMs + 10_000)
  for (const unit of ['vmesh-cp.service', 'vmesh-dp@.service']) {
    t.equal(lineOf(unit, 'RestartPreventExitStatus'), `${EXIT.usage} ${EXIT.configuration}`)
    t.equal(lineOf(unit, 'Restart'), 'always')
  }
})

function lineOf(unit: string, key: string): string | undefined {
  return new RegExp(`^${key}=(.*)$`, 'm').exec(readFileSync(join(UNITS, unit), 'utf8'))?.[1]
}
