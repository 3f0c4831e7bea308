/** What all commands share: variables, contexts, help topics, manual pages, and guesses for what is misspelt. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startFakeApi } from '../../support/fake-api.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const api = await startFakeApi()
t.teardown(() => api.close())
t.beforeEach(() => {
  api.asked.length = 0
})
const run = (
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  home = '/nowhere',
) => runVmeshctl(argv, { home, environment })

t.test('every global flag can come from the environment, and the flag wins', async t => {
  const here = { VMESHCTL_ADDRESS: api.url }
  t.match(await run(['get', 'dataplanes'], { ...here, VMESHCTL_MESH: 'default' }), { code: 0 })
  t.match(await run(['get', 'dataplanes'], { ...here, VMESHCTL_MESH: 'nope' }), {
    code: 1,
    err: /there is no mesh "nope"/,
  })
  t.match(await run(['get', 'dataplanes', '-m', 'default'], { ...here, VMESHCTL_MESH: 'nope' }), { code: 0 })
  t.match(await run(['get', 'meshes'], { ...here, VMESHCTL_LOG_LEVEL: 'debug' }), {
    err: /^GET http:\/\/\S+\/meshes\?size=1000&offset=0 200\n$/,
  })
  t.match(await run(['get', 'meshes'], { ...here, VMESHCTL_LOG_LEVEL: 'loud' }), {
    code: 64,
    err: 'Error: VMESHCTL_LOG_LEVEL=loud: allowed are off, info, debug\n',
  })
  t.match(await run(['get', 'meshes'], { ...here, VMESHCTL_API_TIMEOUT: '0s' }), {
    code: 78,
    err: /--api-timeout 0s/,
  })
})

t.test('a context of the file can be chosen for once, also of a file of kumactl', async t => {
  const home = t.testdir({
    kumactl: `contexts:
- controlPlane: one
  name: one
- controlPlane: two
  name: two
  defaults: {mesh: m2}
controlPlanes:
- coordinates:
    apiServer: {url: "http://127.0.0.1:1", authType: tokens, authConf: {token: t}}
  name: one
- coordinates:
    apiServer: {url: "${api.url}", skipVerify: true, headers: [{key: x-a, value: b}]}
  name: two
currentContext: one
`,
  })
  const file = ['--config-file', join(home, 'kumactl')]
  api.stored.set('/meshes/m2', { type: 'Mesh', name: 'm2' })
  t.match(await run(['get', 'dataplanes', ...file]), { code: 75 })
  t.match(await run(['get', 'dataplanes', ...file, '--context=two']), { code: 0 })
  t.match(api.asked[0], { url: /^\/meshes\/m2\/dataplanes/, headers: { 'x-a': 'b' } })
  t.match(await run(['get', 'meshes', ...file], { VMESHCTL_CONTEXT: 'tow' }), {
    code: 78,
    err: /did you mean two\?/,
  })
  t.match((await run(['config', 'view', ...file])).out, /skipVerify: true/)
  const view = await run(['config', 'control-planes', 'list', '--no-config', ...file])
  t.equal(view.out, 'ACTIVE   NAME    ADDRESS\n*        local   http://localhost:5681\n')
  t.match(await run(['config', 'control-planes', 'switch', '--name=two', '--no-config']), { code: 64 })
})

t.test('a flag that says which control plane is meant beats every variable', async t => {
  const entry = (name: string, url: string) => ({ name, coordinates: { apiServer: { url } } })
  const file = JSON.stringify({
    contexts: ['here', 'gone'].map(name => ({ name, controlPlane: name })),
    controlPlanes: [entry('here', api.url), entry('gone', 'http://127.0.0.1:1')],
    currentContext: 'here',
  })
  const home = t.testdir({ '.vmeshctl': { config: file }, token: 'secret-of-another' })
  const ask = (flags: readonly string[], variables: Readonly<Record<string, string>>) =>
    run(['get', 'meshes', ...flags], variables, home)
  const other = { VMESHCTL_ADDRESS: 'http://127.0.0.1:1', VMESHCTL_TOKEN_FILE: join(home, 'token') }
  t.match(await ask(['--context=here'], other), { code: 0 })
  t.notOk(api.asked[0]?.headers['authorization'], 'a token of variables is for the address of variables')
  t.match(await ask(['--context=gone'], { VMESHCTL_ADDRESS: api.url }), { code: 75 })
  t.match(await ask(['--context=nope'], { VMESHCTL_ADDRESS: api.url }), {
    code: 78,
    err: /there is no control plane "nope"/,
  })
  t.match(await ask([`--address=${api.url}`], { VMESHCTL_CONTEXT: 'gone' }), { code: 0 })
  t.match(await ask([`--address=${api.url}`, '--context=here'], {}), {
    code: 64,
    err: 'Error: --context and --address exclude each other\n',
  })
  t.match(await ask([], { VMESHCTL_CONTEXT: 'here', VMESHCTL_ADDRESS: api.url }), {
    code: 64,
    err: 'Error: VMESHCTL_CONTEXT and VMESHCTL_ADDRESS exclude each other\n',
  })
})

t.test('a file of control planes that was named and is not there is no other control plane', async t => {
  const home = t.testdir()
  const typo = join(home, 'typo')
  const missing = {
    code: 78,
    out: '',
    err: `Error: --config-file ${typo}: there is no such file; add a control plane to it with vmeshctl config control-planes add\n`,
  }
  t.same(await run(['get', 'meshes', '--config-file', typo]), missing)
  t.same(await run(['get', 'meshes'], { VMESHCTL_CONFIG_FILE: typo }), missing)
  t.same(await run(['config', 'view', '--config-file', typo]), missing)
  t.same(await run(['config', 'control-planes', 'list', '--config-file', typo]), missing)
  const add = ['config', 'control-planes', 'add', '--name=a', `--address=${api.url}`, '--config-file', typo]
  t.match(await run(add), { code: 0 })
  t.match(await run(['get', 'meshes', '--config-file', typo]), { code: 0 })
})

t.test('help has pages of exit codes and variables', async t => {
  const codes = await run(['help', 'exit-codes'])
  for (const code of [0, 1, 2, 64, 75, 78]) t.match(codes.out, new RegExp(`^${code} +\\S`, 'm'))
  t.match((await run(['help', 'environment'])).out, /^VMESHCTL_ADDRESS +--address, where that is not given$/m)
  t.match((await run(['help', 'global'])).out, /^--context=NAME +Another control plane/m)
  const apply = (await run(['help', 'apply'])).out
  t.match(apply, /--dry-run \[WHERE\][\s\S]*vmeshctl help global/)
  t.notMatch(apply, '--ca-cert-file', 'which are not repeated by each command')
  t.match((await run(['--help'])).out, /vmeshctl help exit-codes/)
})

t.test('every command has a manual page that man can read', async t => {
  const dir = join(t.testdir(), 'man1')
  t.match(await run(['man', '--dir', dir]), { code: 0, out: '', err: '' })
  const pages = readdirSync(dir)
  for (const name of [
    'vmeshctl.1',
    'vmeshctl-apply.1',
    'vmeshctl-generate-dataplane-token.1',
    'vmeshctl-inspect-meshtimeout.1',
  ]) {
    t.ok(pages.includes(name), name)
  }
  const text = readFileSync(join(dir, 'vmeshctl-apply.1'), 'utf8')
  t.match(text, /^\.TH "VMESHCTL\\-APPLY" 1 /)
  for (const part of ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'OPTIONS', 'EXIT STATUS', 'SEE ALSO']) {
    t.match(text, new RegExp(`^\\.SH ${part}$`, 'm'))
  }
  t.match(text, /^\.B \\-\\-dry\\-run\[=WHERE\]$/m)
  t.equal((await run(['man', 'apply'])).out, text)
  t.match(await run(['man', 'aply']), { code: 64, err: /there is no command aply; did you mean apply\?/ })
  for (const page of pages) {
    const bad = readFileSync(join(dir, page), 'utf8')
      .split('\n')
      .filter(line => /^['.](?!(TH|SH|TP|PP|BR?)\b)/.test(line))
    t.same(bad, [], `${page} has no stray macros`)
  }
  const groff = spawnSync('groff', ['-man', '-Tutf8', '-ww', join(dir, 'vmeshctl-apply.1')], {
    encoding: 'utf8',
  })
  if (groff.error === undefined) t.equal(groff.stderr, '')
})

t.test('what kumactl installs is answered with what to do instead', async t => {
  t.match(await run(['install', 'control-plane']), {
    code: 1,
    out: '',
    err: /install the packages .* systemd units/,
  })
  t.match(await run(['install', 'transparent-proxy']), { code: 1, err: /vmeshctl outbounds/ })
  t.match(await run(['uninstall', 'ebpf']), { code: 1, err: /removes nothing/ })
})

t.test('guesses misspelt commands and flags', async t => {
  for (const [argv, guess] of [
    [['aply'], 'apply'],
    [['inspect', 'datplanes'], 'dataplanes'],
    [['config', 'control-planes', 'ad'], 'add'],
    [['get', 'meshes', '--adress=x'], '--address'],
  ] as const) {
    t.match(
      await run(argv),
      { code: 64, out: '', err: new RegExp(`did you mean ${guess}\\?`) },
      argv.join(' '),
    )
  }
})

t.test('a command loads only what it needs', async t => {
  const home = t.testdir()
  mkdirSync(join(home, '.vmeshctl'))
  const script = join(home, 'loaded.mjs')
  writeFileSync(
    script,
    `import { registerHooks } from 'node:module'
const loaded = []
registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context) } })
process.on('exit', () => process.stderr.write(loaded.join('\\n')))
`,
  )
  const loadedBy = (...argv: string[]): string =>
    spawnSync(process.execPath, ['--import', script, 'cp/cli/main.ts', ...argv], {
      env: { HOME: home },
      encoding: 'utf8',
    }).stderr
  const light = loadedBy('config', 'control-planes', 'list')
  t.match(light, /cp\/cli\/commands\/config\.ts/)
  t.notMatch(light, /\/(zod|yaml|undici|mustache)\//)
  t.notMatch(light, /cp\/kinds\/registry|commands\/apply/)
  t.notMatch(
    loadedBy('inspect', 'dataplanes', '--address=http://127.0.0.1:1'),
    /\/(zod|yaml)\/|cp\/kinds\/registry/,
  )
  t.notMatch(loadedBy('get', 'meshes', '--address=http://127.0.0.1:1'), /\/mustache\//)
})
