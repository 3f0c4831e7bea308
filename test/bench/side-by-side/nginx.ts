/** nginx, as the backend of all and as one of the proxies. It has no HTTP/2 towards backends. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../../support/ports.ts'
import { type Backend, HOST, type Peer, type Site } from './peer.ts'
import { LOAD_CPU, PROXY_CPU, startOn } from './processes.ts'

/** Of Debian's libnginx-mod-stream. Without it nginx carries no TCP. */
const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so'
const hasStream = existsSync(STREAM_MODULE)

export async function startBackend(folder: string): Promise<Backend> {
  const [httpPort = 0, http2Port = 0] = await freePorts(2)
  const root = join(folder, 'www')
  mkdirSync(root)
  writeFileSync(join(root, '10k'), 'x'.repeat(10_000))
  writeFileSync(join(root, '64m'), 'x'.repeat(64_000_000))
  const answer = `location = / { return 200 "${'x'.repeat(99)}\\n"; }`
  // a gRPC server answers every call with a message, and its status in trailers
  const grpc =
    'location /bench. { default_type application/grpc; add_trailer grpc-status 0; return 200 "xxxxx"; }'
  await startNginx(folder, {
    name: 'backend',
    cpu: LOAD_CPU,
    port: httpPort,
    http: `root ${root};
      server { listen ${HOST}:${httpPort} backlog=4096; ${answer} }
      server { listen ${HOST}:${http2Port} http2 backlog=4096; http2_max_concurrent_streams 1000; ${answer} ${grpc} }`,
  })
  return { httpPort, http2Port }
}

export async function startNginxProxy({ folder, backend, identities, rootFile }: Site): Promise<Peer> {
  const [hop = 0, tcp = 0, inbound = 0, tcpInbound = 0, outbound = 0, tcpOutbound = 0] = await freePorts(6)
  const pass =
    'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Request-Id $request_id; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;'
  const to = (name: string, port: number): string =>
    `upstream ${name} { server ${HOST}:${port}; keepalive 1024; keepalive_requests 100000000; }`
  const server = `ssl_certificate ${identities.server}; ssl_certificate_key ${identities.server}; ssl_client_certificate ${rootFile}; ssl_verify_client on; ssl_protocols TLSv1.3;`
  const client = `proxy_ssl_certificate ${identities.client}; proxy_ssl_certificate_key ${identities.client}; proxy_ssl_trusted_certificate ${rootFile}; proxy_ssl_protocols TLSv1.3; proxy_ssl_session_reuse on;`
  const pids = {
    hop: await startNginx(folder, {
      name: 'hop',
      cpu: PROXY_CPU,
      port: hop,
      http: `${to('app', backend.httpPort)} server { listen ${HOST}:${hop} backlog=4096; location / { proxy_pass http://app; ${pass} } }`,
      stream: `server { listen ${HOST}:${tcp} backlog=4096; proxy_pass ${HOST}:${backend.httpPort}; }`,
    }),
    server: await startNginx(folder, {
      name: 'server',
      cpu: PROXY_CPU,
      port: inbound,
      http: `${to('app', backend.httpPort)} server { listen ${HOST}:${inbound} ssl backlog=4096; ${server} location / { proxy_pass http://app; ${pass} } }`,
      stream: `server { listen ${HOST}:${tcpInbound} ssl backlog=4096; ${server} proxy_pass ${HOST}:${backend.httpPort}; }`,
    }),
    client: await startNginx(folder, {
      name: 'client',
      cpu: PROXY_CPU,
      port: outbound,
      http: `${to('mesh', inbound)} server { listen ${HOST}:${outbound} backlog=4096; location / { proxy_pass https://mesh; ${pass} ${client} } }`,
      stream: `server { listen ${HOST}:${tcpOutbound} backlog=4096; proxy_ssl on; ${client} proxy_pass ${HOST}:${tcpInbound}; }`,
    }),
  }
  const ports = {
    'http hop': hop,
    'http path': outbound,
    'tls hop': inbound,
    ...(hasStream ? { 'tcp hop': tcp, 'tcp path': tcpOutbound } : {}),
  }
  return {
    name: 'nginx',
    ports,
    pids,
    async reload() {
      for (const pid of [pids.client, pids.server]) process.kill(pid, 'SIGHUP')
    },
  }
}

interface Config {
  readonly name: string
  readonly cpu: number
  readonly port: number
  readonly http: string
  readonly stream?: string
}

/** In the foreground, with one worker. */
export function startNginx(folder: string, config: Config): Promise<number> {
  const { name, cpu, port, http } = config
  const stream = hasStream ? (config.stream ?? '') : ''
  const file = join(folder, `nginx-${name}.conf`)
  const lines = [
    stream === '' ? '' : `load_module ${STREAM_MODULE};`,
    `daemon off; worker_processes 1; user root; pid ${folder}/nginx-${name}.pid; error_log stderr crit;`,
    'events { worker_connections 8192; }',
    `http { access_log off; keepalive_timeout 1h; keepalive_requests 100000000; client_body_temp_path ${folder}/body-${name}; proxy_temp_path ${folder}/proxy-${name}; fastcgi_temp_path ${folder}/f-${name}; uwsgi_temp_path ${folder}/u-${name}; scgi_temp_path ${folder}/s-${name}; ${http} }`,
    stream === '' ? '' : `stream { proxy_buffer_size 64k; ${stream} }`,
  ]
  writeFileSync(file, lines.join('\n'))
  return startOn(cpu, ['nginx', '-c', file, '-e', 'stderr'], port)
}
