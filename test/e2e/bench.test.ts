/** The comparison with other proxies starts them, carries calls through each and prints ratios. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'

const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` }
const missing = ['wrk', 'h2load', 'nginx', 'haproxy'].filter(
  program => spawnSync(program, ['-v'], { env }).error !== undefined,
)
const skip = missing.length > 0 && `${missing.join(', ')} not installed`

t.test('scripts/bench --quick puts vmesh beside HAProxy', { skip }, async t => {
  const args = ['--quick', '--beside', 'haproxy', '--only', 'plain HTTP/1.1']
  const child = spawn('scripts/bench', args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  t.equal(code, 0, err)
  t.match(out, /^plain HTTP\/1\.1 hop, c=16: CPU a request {2}\(goal ≤ 1\.05\)\n/m)
  t.match(out, /^ {4}vmesh +\d+\.\d\dx \(\d+\.\d us\)\n {4}HAProxy +1\.00x \(\d+\.\d us\)\n/m)
  t.match(out, /throughput, p50 \/ p99\n {4}vmesh +[1-9]\d*\/s, \d+ \/ \d+ us\n/, 'nothing failed')
})
