/** One engine with an outbound in front of applications in plain text, each of which tells what it was asked. */
import { type ClientHttp2Session, connect } from 'node:http2'
import type { OutboundListener } from '#contract/listener.ts'
import type { Route } from '#contract/route.ts'
import type { LocalEngine } from '../../dp/apply/applier.ts'
import { anEngine, mustApply } from './engine-pair.ts'
import { freePorts } from './ports.ts'
import { type RawServer, rawClient, rawServer } from './raw-sockets.ts'
import { aCluster, anOutbound, LOOPBACK } from './snapshots.ts'

interface Teardown {
  teardown(end: () => Promise<void> | void): void
}

export interface Routed {
  readonly engine: LocalEngine
  readonly port: number
  readonly apps: ReadonlyMap<string, RawServer>
  /** The outbound as it is from now on. */
  configure(change: Partial<OutboundListener>): Promise<void>
  /** Head and body of the answer to a request of HTTP/1.1; `target`: or a whole request. */
  ask(target: string, lines?: readonly string[]): Promise<string>
  /** The same over HTTP/2: `:status` and fields as lines, then the body. */
  ask2(target: string, fields?: Readonly<Record<string, string>>): Promise<string>
}

/** Its answer is `NAME: ` and the request as it came, after it was read with its body. */
function tell(name: string): Promise<RawServer> {
  return rawServer(peer => {
    peer.socket.on('data', () => {
      for (;;) {
        const end = peer.heard.indexOf('\r\n\r\n')
        if (end < 0) return
        const length = Number(/content-length: (\d+)/i.exec(peer.heard)?.[1] ?? 0)
        if (peer.heard.length < end + 4 + length) return
        const request = peer.heard.slice(0, end + 4 + length)
        peer.heard = peer.heard.slice(end + 4 + length)
        const body = `${name}: ${request}`
        peer.send(
          `HTTP/1.1 200 OK\r\nx-app: ${name}\r\nx-two: 1\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
        )
      }
    })
  })
}

/** Clusters `main`, `one` and `two`, and `none` without endpoints; calls go to `main` where no route says otherwise. */
export async function startRouted(t: Teardown, change: Partial<OutboundListener>): Promise<Routed> {
  const engine = anEngine(t)
  const apps = new Map<string, RawServer>()
  for (const name of ['main', 'one', 'two']) {
    const app = await tell(name)
    t.teardown(app.close)
    apps.set(name, app)
  }
  const clusters = [
    ...[...apps].map(([name, app]) => aCluster(name, [app.port], { tls: null })),
    aCluster('none', [], { tls: null }),
  ]
  const [port = 0] = await freePorts(1)
  const configure = (next: Partial<OutboundListener>) =>
    mustApply(engine, { listeners: [anOutbound(port, 'main', next)], clusters })
  await configure(change)
  return {
    engine,
    port,
    apps,
    configure,
    async ask(target, lines = []) {
      const client = await rawClient(port)
      const fields = lines.map(line => `${line}\r\n`).join('')
      client.send(
        target.includes('\r\n')
          ? target
          : `GET ${target} HTTP/1.1\r\nHost: api:81\r\n${fields}Connection: close\r\n\r\n`,
      )
      await client.ended
      client.socket.destroy()
      return client.heard
    },
    async ask2(target, fields = {}) {
      const session = connect(`http://${LOOPBACK}:${port}`)
      try {
        return await askOver(session, { ':path': target, ':authority': 'api:81', ...fields })
      } finally {
        session.close()
      }
    },
  }
}

function askOver(session: ClientHttp2Session, fields: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const stream = session.request(fields)
    let text = ''
    stream.on('response', headers => {
      for (const [name, value] of Object.entries(headers)) text += `${name}: ${String(value)}\r\n`
      text += '\r\n'
    })
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    stream.on('error', reject)
    stream.on('end', () => resolve(text))
    stream.end()
  })
}

/** A route of policy `MeshHTTPRoute/test` for paths below `segments`, to `backend`. */
export function aRoute(segments: string, backend: string, options: Partial<Route> = {}): Route {
  return {
    policy: 'MeshHTTPRoute/test',
    match: { path: { type: 'segments', value: segments } },
    backends: [{ cluster: backend, weight: 1 }],
    ...options,
  }
}
