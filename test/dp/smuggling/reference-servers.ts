/**
 * Servers that others wrote, each in front of one origin of Node, and Node itself: what each makes of the bytes that
 * it is sent stands in its answers, since the origin writes there what reached it. Their files lie in a temporary
 * folder; nobody but this process reaches them.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../../support/ports.ts'
import { LOOPBACK } from '../../support/snapshots.ts'
import { labelOf } from './strict-reader.ts'

export interface ReferenceServer {
  readonly name: string
  readonly port: number
  /** It reads the body of a GET and does not pass it on. */
  readonly dropsBodies: boolean
}

export interface ReferenceServers {
  readonly servers: readonly ReferenceServer[]
  /** Debian packages of those that are not installed. */
  readonly missing: readonly string[]
  close(): Promise<void>
}

/** Where paths under /replay/ lead in every server; the rest goes to the origin. */
interface Places {
  readonly dir: string
  readonly port: number
  readonly origin: number
  readonly replies: number
}

interface Program {
  readonly name: string
  readonly binary: string
  readonly args: (places: Places) => readonly string[]
  readonly config: (places: Places) => string
}

const PROGRAMS: readonly Program[] = [
  {
    name: 'nginx',
    binary: '/usr/sbin/nginx',
    args: ({ dir }) => ['-p', dir, '-c', `${dir}/config`, '-e', `${dir}/log`],
    config: ({ dir, port, origin, replies }) => `
      daemon off; master_process off; pid ${dir}/pid; events { worker_connections 512; }
      http {
        access_log off; large_client_header_buffers 8 64k; client_body_temp_path ${dir}/body;
        proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
        proxy_http_version 1.1; proxy_set_header Connection "";
        server {
          listen ${LOOPBACK}:${port};
          location / { proxy_pass http://${LOOPBACK}:${origin}; }
          location /replay/ { proxy_pass http://${LOOPBACK}:${replies}; }
        }
      }`,
  },
  {
    name: 'haproxy',
    binary: '/usr/sbin/haproxy',
    args: ({ dir }) => ['-q', '-db', '-f', `${dir}/config`],
    config: ({ port, origin, replies }) =>
      [
        'global\n maxconn 500\n tune.bufsize 131072\n nbthread 1',
        'defaults\n mode http\n timeout connect 5s\n timeout client 20s\n timeout server 20s',
        `frontend in\n bind ${LOOPBACK}:${port}\n use_backend replies if { path_beg /replay/ }\n default_backend origin`,
        `backend origin\n server o ${LOOPBACK}:${origin}`,
        `backend replies\n server r ${LOOPBACK}:${replies}\n`,
      ].join('\n'),
  },
  {
    name: 'apache2',
    binary: '/usr/sbin/apache2',
    args: ({ dir }) => ['-d', dir, '-f', `${dir}/config`, '-D', 'FOREGROUND'],
    config: ({ dir, port, origin, replies }) =>
      [
        ...['mpm_event', 'authz_core', 'proxy', 'proxy_http'].map(
          module => `LoadModule ${module}_module /usr/lib/apache2/modules/mod_${module}.so`,
        ),
        `Listen ${LOOPBACK}:${port}\nPidFile ${dir}/pid\nErrorLog ${dir}/log\nServerName localhost`,
        'User www-data\nGroup www-data\nStartServers 1\nServerLimit 1\nThreadsPerChild 25\nMaxRequestWorkers 25',
        `DefaultRuntimeDir ${dir}\nKeepAliveTimeout 20\nAllowEncodedSlashes NoDecode\nLimitRequestLine 65536`,
        'LimitRequestFieldSize 65536',
        `ProxyPass /replay/ http://${LOOPBACK}:${replies}/replay/ nocanon disablereuse=on`,
        `ProxyPass / http://${LOOPBACK}:${origin}/ nocanon\n`,
      ].join('\n'),
  },
  {
    name: 'lighttpd',
    binary: '/usr/sbin/lighttpd',
    args: ({ dir }) => ['-D', '-f', `${dir}/config`],
    config: ({ dir, port, origin, replies }) =>
      [
        `server.http-parseopts = ("url-normalize" => "disable")\nserver.modules = ("mod_proxy")\nserver.document-root = "${dir}"\nserver.errorlog = "${dir}/log"`,
        `server.bind = "${LOOPBACK}"\nserver.port = ${port}\nserver.max-request-field-size = 65536`,
        `proxy.server = ("/replay/" => ((${hostPort(replies)})), "" => ((${hostPort(origin)})))\n`,
      ].join('\n'),
  },
  {
    name: 'varnish',
    binary: '/usr/sbin/varnishd',
    args: ({ dir, port }) =>
      `-F -j none -T none -s malloc,10m -p http_req_size=96k -p http_req_hdr_len=64k -p workspace_client=256k -p workspace_backend=256k -n ${dir}/v -f ${dir}/config -a ${LOOPBACK}:${port}`.split(
        ' ',
      ),
    config: ({ origin, replies }) => `vcl 4.1;
      backend origin { .host = "${LOOPBACK}"; .port = "${origin}"; }
      backend replies { .host = "${LOOPBACK}"; .port = "${replies}"; }
      sub vcl_recv {
        if (req.url ~ "^/replay/") { set req.backend_hint = replies; } else { set req.backend_hint = origin; }
        return (pass);
      }`,
  },
]

/** `replies`: port of what answers under /replay/. Resolves when all accept connections. */
export async function startReferenceServers(replies = 1): Promise<ReferenceServers> {
  const dir = mkdtempSync(join(tmpdir(), 'vmesh-reference-'))
  const origin = createServer({ maxHeaderSize: 128 * 1024, keepAliveTimeout: 20_000 }, answer)
  origin.listen(0, LOOPBACK)
  await once(origin, 'listening')
  const address = origin.address()
  const originPort = typeof address === 'object' && address !== null ? address.port : 0
  const there = PROGRAMS.filter(({ binary }) => existsSync(binary))
  const ports = await freePorts(there.length)
  const children: ChildProcess[] = []
  const close = async () => {
    for (const child of children) await stop(child)
    origin.closeAllConnections()
    origin.close()
    rmSync(dir, { recursive: true })
  }
  const servers: ReferenceServer[] = [{ name: 'node', port: originPort, dropsBodies: false }]
  for (const [index, { name, binary, args, config }] of there.entries()) {
    const port = ports[index] ?? 0
    const places = { dir: join(dir, name), port, origin: originPort, replies }
    mkdirSync(places.dir)
    writeFileSync(join(places.dir, 'config'), config(places))
    children.push(spawn(binary, args(places), { stdio: 'ignore' }))
    servers.push({ name, port, dropsBodies: name === 'varnish' })
  }
  await Promise.all(servers.map(({ name, port }, index) => accepts(name, port, children[index - 1])))
  const missing = PROGRAMS.filter(program => !there.includes(program)).map(({ name }) => name)
  return { servers, missing, close }
}

function hostPort(port: number): string {
  return `"host" => "${LOOPBACK}", "port" => ${port}`
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  request.on('error', () => {})
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString('latin1')
    response.setHeader('x-understood', labelOf(request.method ?? '', request.url ?? '', body))
    response.setHeader('content-length', '0')
    response.end()
  })
}

/** Tried again until it does: nothing tells when most of them listen. */
async function accepts(name: string, port: number, child: ChildProcess | undefined): Promise<void> {
  while (child?.exitCode === null || child === undefined) {
    const isOpen = await new Promise(resolve => {
      const socket = connect(port, LOOPBACK)
      socket.once('connect', () => resolve(true))
      socket.once('error', () => setTimeout(resolve, 20, false))
      socket.once('connect', () => socket.destroy())
    })
    if (isOpen === true) return
  }
  throw new Error(`${name} ended with ${child.exitCode} before it listened`)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  await closed
}
