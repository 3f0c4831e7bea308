/** Files that are not what they should be: each program names the file, says what to do, and exits for a person. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { dataplane, Lab } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'

const PERMANENT = 78
const lab = new Lab()
t.teardown(() => lab.close())
await lab.startControlPlane()
const [port = 0] = await freePorts(1)
const good = await lab.dataPlaneArguments(dataplane({ name: 'web-1', service: 'web', port, servicePort: 9 }))
const file = join(lab.dir, 'web-1.yaml')

/** Runs the data plane until it ends; answers its exit code and words. */
async function fails(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const running = lab.run(args)
  const code = await running.exited
  return { code, output: running.output }
}

t.test('a control plane without a place for its data, or with half a certificate, says which', async t => {
  const runs = [
    [join(file, 'data'), {}, /data folder .*web-1\.yaml.data: .*; give another one with --data-dir/],
    [
      join(lab.dir, 'third'),
      { VMESH_GENERAL_TLS_CERT_FILE: file },
      /tlsCertFile is set without general\.tlsKeyFile/,
    ],
    [
      join(lab.dir, 'third'),
      { VMESH_GENERAL_TLS_CERT_FILE: '/nowhere.crt', VMESH_GENERAL_TLS_KEY_FILE: '/nowhere.key' },
      /cannot read the control plane's own TLS file: .*nowhere\.(crt|key)/,
    ],
  ] as const
  for (const [dataDir, env, words] of runs) {
    const running = lab.run(['cp/main.ts', 'run', '--data-dir', dataDir], env)
    t.equal(await running.exited, PERMANENT)
    t.match(running.output, words)
  }
})

t.test('a CA file or a token that is damaged is named', async t => {
  writeFileSync(join(lab.dir, 'torn-ca.crt'), lab.ca.replace(/\n[^-]{40}/, '\n'))
  const ca = await fails(good.map(one => one.replace(/cp\/tls\/ca\.crt/, 'torn-ca.crt')))
  t.match(ca, {
    code: PERMANENT,
    output: /torn-ca\.crt: it cannot be read as a certificate.*DATA\/tls\/ca\.crt/,
  })
  writeFileSync(join(lab.dir, 'two.token'), 'one\ntwo\n')
  const token = await fails(
    good.map(one => one.replace('web-1.token', 'two.token').replace('state-web-1', 'state-two')),
  )
  t.match(token, { code: PERMANENT, output: /token is not one word.*--dataplane-token-file/ })
})
