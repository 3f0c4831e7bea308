/** The command lines of the README's section on vmeshctl do what it says, typed as they stand there. */
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { httpApplication } from '../support/applications.ts'
import { dataplane, Lab } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'

const readme = readFileSync('README.md', 'utf8')
const section = /\n## Command line\n[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
const policy = /```yaml\n(# only web may call api\n[\s\S]*?)```/.exec(readme)?.[1] ?? ''
const program = resolve('scripts/vmeshctl')

const lab = new Lab()
t.teardown(() => lab.close())
await lab.startControlPlane()
const application = await httpApplication('web')
t.teardown(() => application.server.close())
const [port = 0, toWeb = 0] = await freePorts(2)
const web = {
  name: 'web-1',
  service: 'web',
  port,
  servicePort: application.port,
  outbounds: { [toWeb]: 'web' },
}
await lab.startDataPlane(dataplane(web))
const folder = join(lab.dir, 'work')
mkdirSync(join(folder, 'policies'), { recursive: true })
writeFileSync(join(folder, 'api-from-web.yaml'), policy)
writeFileSync(join(folder, 'policies', 'api-from-web.yaml'), policy)
copyFileSync(join(lab.dir, 'web-1.token'), join(folder, 'web-1.token'))

function typed(line: string): Promise<{ code: number; out: string }> {
  const command = line.replace(/\s+#.*$/, '').replace(/^scripts\/vmeshctl/, program)
  const env = { ...process.env, HOME: lab.dir, VMESHCTL_ADDRESS: `http://127.0.0.1:${lab.ports.api}` }
  return new Promise(resolve => {
    execFile('sh', ['-c', command], { cwd: folder, env, encoding: 'utf8' }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out: `${out}${err}` })
    })
  })
}

/** By how the line begins; others only have to succeed. */
const EXPECTED: Readonly<Record<string, RegExp>> = {
  // nobody is told off for what the manual says
  lint: /^$/,
  'apply -f api-from-web.yaml --dry-run': /Created \(dry run\)[\s\S]*no data plane would change/,
  'apply -f api-from-web.yaml --wait': /Created\n/,
  'apply -R': /Updated\n/,
  history: /updated +mesh-system:admin[\s\S]*created +mesh-system:admin/,
  rollback: /is as in revision \d+ again/,
  explain: /requestTimeout </,
  status: /web-1 +online/,
  wait: /dataplane default\/web-1 is ready/,
  outbounds: /curl http:\/\/127\.0\.0\.1:\d+\//,
  'inspect dataplane web-1 --why': /MeshTrafficPermission +action +Allow +allow-all-default\[0\]/,
  inspect: /^DATAPLANE:/,
  'token inspect': /^kind +data plane token\nName +web-1\n/,
}

const lines = section.trim().split('\n')
t.ok(lines.length > 10, 'the section was found')
for (const line of lines) {
  const words = line.replace(/^scripts\/vmeshctl /, '').replace(/\s+#.*$/, '')
  t.test(words, async t => {
    const { code, out } = await typed(line)
    t.equal(code, 0, out)
    const expected = Object.entries(EXPECTED).find(([beginning]) => words.startsWith(beginning))?.[1]
    if (expected !== undefined && !words.includes('>')) t.match(out, expected)
  })
}
t.test('what was printed into files is what they are for', async t => {
  t.equal(readFileSync(join(folder, 'web-1.env'), 'utf8').includes(`WEB_URL=http://127.0.0.1:${toWeb}`), true)
  t.match(
    readFileSync(join(folder, 'mesh.yaml'), 'utf8'),
    /^# Product: Kuma[\s\S]*type: MeshTrafficPermission/,
  )
  t.match(readFileSync(join(folder, 'vmeshctl-apply.1'), 'utf8'), /^\.TH /)
})
