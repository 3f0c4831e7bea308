/** Free ports of the loopback for processes under test, which cannot be given port 0. */
import { createServer, type Server } from 'node:net'

/** Linux gives outgoing connections 32768 and above. */
const FIRST_STEADY = 16_000
const LAST_STEADY = 32_000

/** That this process was given: nobody may listen on them yet. */
const given = new Set<number>()

/** All are held until all are found, so that they differ; also from those of earlier calls. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const servers: Server[] = []
  const ports: number[] = []
  while (ports.length < count) {
    const server = await listen(host)
    servers.push(server)
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    if (given.has(port)) continue
    given.add(port)
    ports.push(port)
  }
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}

/** Not among those that outgoing connections get, so that a process which ends and comes back finds them free. */
export async function steadyPorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const ports: number[] = []
  let port = FIRST_STEADY + Math.floor(Math.random() * (LAST_STEADY - FIRST_STEADY))
  while (ports.length < count) {
    port = port >= LAST_STEADY ? FIRST_STEADY : port + 1
    const server = await listen(host, port).catch(() => null)
    if (server === null) continue
    await new Promise(resolve => server.close(resolve))
    ports.push(port)
  }
  return ports
}

function listen(host: string, port = 0): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}
