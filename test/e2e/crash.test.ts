/**
 * `kill -9` of the control plane in the middle of 1,000 concurrent writes, at random points, again and again: every
 * acknowledged write is there after the restart, and in the audit log where one is asked for. VMESH_TEST_ROUNDS
 * changes how often (50).
 */
import { readFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { Lab } from '../support/lab.ts'

const ROUNDS = Number(process.env['VMESH_TEST_ROUNDS'] ?? 50)
const WRITES = 1_000
const AUDIT_ROUNDS = 3
const CONNECTIONS = 100
t.setTimeout(280_000)

t.test(
  'every write that the killed control plane acknowledged is there after its restart',
  { timeout: 280_000 },
  async t => {
    const lab = new Lab()
    t.teardown(() => lab.close())
    await lab.startControlPlane({ VMESH_LOG_LEVEL: 'info' })
    const acknowledged = new Map<string, number>()
    let sent = 0
    for (let round = 1; round <= ROUNDS; round++) {
      const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
      const controlPlane = lab.controlPlane
      // some rounds die within the first writes, some with most of them done
      const killAfter = Math.floor(Math.random() * WRITES * 0.9)
      let answered = 0
      const writes = Array.from({ length: WRITES }, async (_, i) => {
        const name = `w${i}`
        const value = round
        sent++
        if (!(await put(lab.ports.api, agent, name, value))) return
        acknowledged.set(name, value)
        if (++answered === killAfter) controlPlane?.child.kill('SIGKILL')
      })
      if (killAfter === 0) controlPlane?.child.kill('SIGKILL')
      await Promise.all(writes)
      controlPlane?.child.kill('SIGKILL')
      await controlPlane?.exited
      agent.destroy()
      await lab.startControlPlane()
      const stored = await values(lab)
      const lost = [...acknowledged].filter(([name, value]) => (stored.get(name) ?? 0) < value)
      if (lost.length > 0) t.same(lost, [], `round ${round}, killed after ${killAfter} answers`)
      // what was written without an answer may be there: later rounds start from what is stored
      for (const [name, value] of stored) acknowledged.set(name, value)
    }
    t.ok(acknowledged.size > 0 && sent === ROUNDS * WRITES, `${ROUNDS} kills, ${sent} writes sent`)
  },
)

t.test('every write that was acknowledged is in the audit log, however soon the kill came', async t => {
  const lab = new Lab()
  t.teardown(() => lab.close())
  await lab.startControlPlane()
  const rules = [{ types: ['GlobalSecret'], accessAll: true }]
  const { status } = await lab.api('PUT', '/accessaudits/all', { type: 'AccessAudit', name: 'all', rules })
  t.equal(status, 201)
  for (let round = 1; round <= AUDIT_ROUNDS; round++) {
    const agent = new Agent({ keepAlive: true, maxSockets: 10 })
    const { controlPlane } = lab
    const acknowledged: string[] = []
    const write = async (name: string): Promise<void> => {
      if (!(await put(lab.ports.api, agent, name, round))) return
      // before anything else happens: the answer of the last one is just there
      if (acknowledged.push(name) === round * 10) controlPlane?.child.kill('SIGKILL')
    }
    await Promise.all(Array.from({ length: 200 }, (_, i) => write(`a${round}-${i}`)))
    controlPlane?.child.kill('SIGKILL')
    await controlPlane?.exited
    agent.destroy()
    const lines = await readFile(join(lab.dir, 'cp', 'audit', 'audit.log'), 'utf8')
    t.same(
      acknowledged.filter(name => !lines.includes(`"${name}"`)),
      [],
      `${acknowledged.length} acknowledged`,
    )
    await lab.startControlPlane()
  }
})

/** True when it was acknowledged. */
function put(port: number, agent: Agent, name: string, value: number): Promise<boolean> {
  const body = JSON.stringify({
    type: 'GlobalSecret',
    name,
    data: Buffer.from(String(value)).toString('base64'),
  })
  return new Promise(resolve => {
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        agent,
        method: 'PUT',
        path: `/global-secrets/${name}`,
        headers: { 'content-type': 'application/json' },
      },
      response => {
        response.resume()
        response.on('end', () => resolve(response.statusCode === 200 || response.statusCode === 201))
        response.on('error', () => resolve(false))
        response.on('aborted', () => resolve(false))
      },
    )
    asked.on('error', () => resolve(false))
    asked.end(body)
  })
}

async function values(lab: Lab): Promise<Map<string, number>> {
  const answer = await lab.api('GET', `/global-secrets?size=1000&name=w`)
  const more = await lab.api('GET', `/global-secrets?size=1000&offset=1000&name=w`)
  const items = [answer, more].flatMap(
    one => (JSON.parse(one.body) as { items: { name: string; data: string }[] }).items,
  )
  const own = items.filter(item => /^w\d+$/.test(item.name))
  return new Map(own.map(item => [item.name, Number(Buffer.from(item.data, 'base64').toString())]))
}
