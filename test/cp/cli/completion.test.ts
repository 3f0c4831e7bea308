/** Completion: candidates from the tree of commands, and scripts that bash really runs. */
import { execFileSync, spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import t from 'tap'
import { startFakeApi } from '../../support/fake-api.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const ask = async (...words: string[]): Promise<string[]> => {
  const { out } = await runVmeshctl(['__complete', ...words], { home: '/nowhere' })
  return out.split('\n').slice(0, -1)
}

t.test('offers commands, kinds, options and their values', async t => {
  const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
    [['ge'], ['get', 'generate']],
    [['config', 'control-planes', 'a'], ['add']],
    [
      ['get', 'dataplane-'],
      ['dataplane-insight', 'dataplane-insights'],
    ],
    [
      ['get', '-m', 'get', 'secr'],
      ['secret', 'secrets'],
    ],
    [
      ['get', 'mesh', '-o', ''],
      ['table', 'yaml', 'json'],
    ],
    [['get', 'mesh', '--output=j'], ['json']],
    [['apply', '-f', 'x'], [':files']],
    [['apply', '--unk'], ['--unknown-fields']],
    [['apply', '--dry-run', '--add'], ['--address']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['nothing', 'x'], []],
  ]
  for (const [words, expected] of cases) t.same(await ask(...words), expected, words.join(' '))
})

t.test('prints scripts, and refuses shells it does not know', async t => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out } = await runVmeshctl(['completion', shell], { home: '/nowhere' })
    t.match({ code, out }, { code: 0, out: /vmeshctl __complete/ })
    const check = spawnSync(shell, ['-n'], { input: out })
    if (check.error === undefined) t.equal(String(check.stderr), '', `${shell} can read it`)
  }
  t.match(await runVmeshctl(['completion', 'ksh'], { home: '/' }), {
    code: 64,
    err: /there is bash, zsh and fish/,
  })
})

t.test('completes in bash', async t => {
  const main = resolve('cp/cli/main.ts')
  const home = t.testdir({ vmeshctl: `#!/bin/sh\nexec ${process.execPath} ${main} "$@"\n` })
  execFileSync('chmod', ['+x', join(home, 'vmeshctl')])
  const script = `source <(vmeshctl completion bash)
COMP_WORDS=(vmeshctl get meshtrafficp) COMP_CWORD=2
_vmeshctl
echo "\${COMPREPLY[@]}"`
  const env = { ...process.env, PATH: `${home}:${process.env['PATH']}` }
  t.match(execFileSync('bash', ['-c', script], { env, encoding: 'utf8' }), /^meshtrafficpermissions? /)
})

t.test('offers names that the control plane knows, and none where nobody answers', async t => {
  const api = await startFakeApi()
  t.teardown(() => api.close())
  for (const name of ['web-1', 'web-2', 'api-1'])
    api.stored.set(`/meshes/default/dataplanes/${name}`, { type: 'Dataplane', mesh: 'default', name })
  const here = `--address=${api.url}`
  const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
    [
      ['get', 'dataplane', here, 'web-'],
      ['web-1', 'web-2'],
    ],
    [['delete', '--address', api.url, 'dp', '-m', 'default', 'a'], ['api-1']],
    [['outbounds', here, 'a'], ['api-1']],
    [['inspect', 'dataplane', here, 'a'], ['api-1']],
    [['get', 'mesh', here, 'd'], ['default']],
    [['get', 'dataplane', '-m', 'none', here, ''], []],
    [['get', 'nothing', here, ''], []],
    [['get', 'dataplane', 'web-1', here, ''], []],
    [['get', 'dataplane', '--address=http://127.0.0.1:1', ''], []],
  ]
  for (const [words, expected] of cases) t.same(await ask(...words), expected, words.join(' '))
})
