/** Unit files and settings that people bring along from Kuma, and a check of them that changes nothing. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

function run(
  main: 'cp/main.ts' | 'dp/main.ts',
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ran> {
  return new Promise(resolve => {
    execFile(process.execPath, [main, ...args], { env }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err })
    })
  })
}

const CA = `-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUQ2jXKTKpzYJ0X3VZV1lEmZ0XQDcwCgYIKoZIzj0EAwIw
-----END CERTIFICATE-----
`

t.test(
  '--check tells flags and files that are right from those that are not, and leaves no trace',
  async t => {
    const dir = t.testdir({ 'dp.yaml': 'type: Dataplane\nmesh: m1\nname: {{ n }}\n', token: 'x.y.z\n' })
    const state = join(dir, 'state')
    const good = [
      'run',
      '--check',
      `--dataplane-file=${join(dir, 'dp.yaml')}`,
      '--dataplane-var=n=web-1',
      `--dataplane-token-file=${join(dir, 'token')}`,
      `--ca-cert-sha256=${'ab'.repeat(32)}`,
      `--state-dir=${state}`,
      '--cp-address=https://127.0.0.1:9',
    ]
    const right = await run('dp/main.ts', good)
    t.equal(right.code, 0)
    t.match(
      right.out,
      /^data plane m1\/web-1 of https:\/\/127\.0\.0\.1:9, state in .*: flags and files are right/,
    )
    t.match(right.out, /vmeshctl lint .*dp\.yaml/, 'and who checks the fields')
    t.notOk(existsSync(state), 'no folder is made')

    writeFileSync(join(dir, 'ca.crt'), CA)
    mkdirSync(join(dir, 'folder'))
    const cases: readonly (readonly [change: readonly string[], code: number, said: RegExp])[] = [
      [['--dataplane-var=n='], 78, /dp\.yaml:3: name: cannot be empty/],
      [[`--dataplane-token-file=${join(dir, 'nowhere')}`], 78, /cannot read --dataplane-token-file/],
      [[`--ca-cert-file=${join(dir, 'ca.crt')}`], 78, /ca\.crt: it cannot be read as a certificate/],
      [['--cp-address=http://127.0.0.1:9'], 78, /expected https:/],
      [['--drain-time=soon'], 78, /--drain-time/],
      [['--name=x'], 64, /not both/],
    ]
    for (const [change, code, said] of cases) {
      const wrong = await run('dp/main.ts', [...good, ...change])
      t.same({ code: wrong.code, out: wrong.out }, { code, out: '' }, change.join(' '))
      t.match(wrong.err, said)
    }
  },
)

t.test('a unit file of kuma-dp goes on working, and says what it can do without', async t => {
  const dir = t.testdir({ token: 'x.y.z\n' })
  const ours = [
    '--check',
    '--name=web-1',
    `--dataplane-token-file=${join(dir, 'token')}`,
    `--ca-cert-sha256=${'ab'.repeat(32)}`,
  ]
  const theirs = ['--binary-path', '/usr/bin/envoy', '--dns-coredns-port=15053', '--proxy-type=dataplane']
  const { code, err } = await run('dp/main.ts', ['run', ...theirs, ...ours])
  t.equal(code, 0)
  t.match(err, '--binary-path is left out: there is no Envoy\n')
  t.match(err, '--dns-coredns-port is left out: there is no DNS server')
  const refused = await run('dp/main.ts', ['run', '--proxy-type=ingress', ...ours])
  t.equal(refused.code, 64)
  t.match(refused.err, '--proxy-type: vmesh-dp is the proxy of a Dataplane')
})

t.test('a file of kuma-cp that needs another store or a global one does not start an empty mesh', async t => {
  const dir = t.testdir({
    'kuma.yaml':
      'environment: universal\nmode: global\nstore:\n  type: postgres\nxdsServer: {nackBackoff: 5s}\n',
  })
  const file = join(dir, 'kuma.yaml')
  const { code, err } = await run('cp/main.ts', ['run', `--config-file=${file}`, `--data-dir=${dir}/data`])
  t.equal(code, 78)
  t.match(err, `${file}:2 mode: this control plane is one zone`)
  t.match(err, `${file}:4 store.type: resources are files in dataDir`)
  t.notMatch(err, 'xdsServer')
  t.notOk(existsSync(join(dir, 'data')))
  const migrated = await run('cp/main.ts', ['migrate', 'up', '-c', file])
  t.equal(migrated.code, 0, 'before the start of many a unit')
})
