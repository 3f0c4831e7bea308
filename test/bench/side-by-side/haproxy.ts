/** HAProxy in its two forms: HTTP/1.1 between the proxies of a path, which is the base of all ratios, and HTTP/2. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../../support/ports.ts'
import { HOST, type Peer, type Site } from './peer.ts'
import { PROXY_CPU, startOn } from './processes.ts'

const HEADERS = 'unique-id-format %[uuid()]\n  unique-id-header x-request-id\n  option forwardfor'

export async function startHaproxy(site: Site, between: 'h1' | 'h2'): Promise<Peer> {
  const { folder, backend, identities, rootFile } = site
  const [hop = 0, http2 = 0, tcp = 0, inbound = 0, tcpInbound = 0, outbound = 0, tcpOutbound = 0] =
    await freePorts(7)
  const alpn = between === 'h2' ? ' alpn h2' : ''
  const server = `ssl crt ${identities.server} ca-file ${rootFile} verify required`
  const client = `ssl crt ${identities.client} ca-file ${rootFile} verify required`
  const start = (name: string, port: number, parts: readonly string[]): Promise<number> => {
    const file = join(folder, `haproxy-${between}-${name}.cfg`)
    writeFileSync(file, [GLOBAL, ...parts, ''].join('\n'))
    return startOn(PROXY_CPU, ['haproxy', '-q', '-W', '-f', file, '-db'], port)
  }
  const app = `${HOST}:${backend.httpPort}`
  const pids = {
    hop: await start('hop', hop, [
      proxied('http', 'hop', `${HOST}:${hop}`, app),
      proxied('http', 'http2', `${HOST}:${http2} proto h2`, `${HOST}:${backend.http2Port} proto h2`),
      proxied('tcp', 'tcp', `${HOST}:${tcp}`, app),
    ]),
    server: await start('server', inbound, [
      proxied('http', 'inbound', `${HOST}:${inbound} ${server}${alpn}`, app),
      proxied('tcp', 'tcp', `${HOST}:${tcpInbound} ${server}`, app),
    ]),
    client: await start('client', outbound, [
      proxied('http', 'outbound', `${HOST}:${outbound}`, `${HOST}:${inbound} ${client}${alpn}`),
      proxied('tcp', 'tcp', `${HOST}:${tcpOutbound}`, `${HOST}:${tcpInbound} ${client}`),
    ]),
  }
  if (between === 'h2') return { name: 'HAProxy h2', ports: { 'http path': outbound }, pids }
  const ports = {
    'http hop': hop,
    'http2 hop': http2,
    'tcp hop': tcp,
    'http path': outbound,
    'tcp path': tcpOutbound,
    'tls hop': inbound,
  }
  return {
    name: 'HAProxy',
    ports,
    pids,
    async reload() {
      for (const pid of [pids.client, pids.server]) process.kill(pid, 'SIGUSR2')
    },
  }
}

const GLOBAL = `global
  nbthread 1
  maxconn 4000
  ssl-server-verify required
  ssl-default-bind-options ssl-min-ver TLSv1.3
  ssl-default-server-options ssl-min-ver TLSv1.3
  tune.h2.max-concurrent-streams 1000
defaults
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  backlog 4096`

function proxied(mode: 'http' | 'tcp', name: string, bind: string, server: string): string {
  const http = mode === 'http'
  return [
    `frontend ${name}\n  mode ${mode}\n  bind ${bind}`,
    http ? `  ${HEADERS}` : '',
    `  default_backend to-${name}`,
    `backend to-${name}\n  mode ${mode}`,
    http ? '  http-reuse always' : '',
    `  server one ${server}`,
  ]
    .filter(Boolean)
    .join('\n')
}
