/** Envoy in its two forms, HTTP/1.1 and HTTP/2 between the proxies of a path. Its client side takes TLS 1.2 unless told. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../../support/ports.ts'
import { HOST, type Peer, type Site } from './peer.ts'
import { PROXY_CPU, startOn } from './processes.ts'

type Protocol = 'h1' | 'h2'

export async function startEnvoy(program: string, site: Site, between: Protocol): Promise<Peer> {
  const { folder, backend, identities, rootFile } = site
  const [hop = 0, http2 = 0, tcp = 0, inbound = 0, tcpInbound = 0, outbound = 0, tcpOutbound = 0] =
    await freePorts(7)
  const start = (name: string, port: number, ways: readonly ConfiguredWay[]): Promise<number> => {
    const file = join(folder, `envoy-${between}-${name}.json`)
    const listeners = ways.map(way => way.listener)
    const clusters = ways.map(way => way.cluster)
    writeFileSync(file, JSON.stringify({ static_resources: { listeners, clusters } }))
    const argv = [program, '-c', file, '--concurrency', '1', '-l', 'error', '--disable-hot-restart']
    return startOn(PROXY_CPU, argv, port)
  }
  const server = tls('DownstreamTlsContext', identities.server, rootFile, between)
  const client = tls('UpstreamTlsContext', identities.client, rootFile, between)
  const plainServer = tls('DownstreamTlsContext', identities.server, rootFile, null)
  const plainClient = tls('UpstreamTlsContext', identities.client, rootFile, null)
  const { httpPort, http2Port } = backend
  const pids = {
    hop: await start('hop', hop, [
      httpWay('hop', { port: hop, to: httpPort }),
      httpWay('http2', { port: http2, to: http2Port, upstream: 'h2' }),
      tcpWay('tcp', { port: tcp, to: httpPort }),
    ]),
    server: await start('server', inbound, [
      httpWay('inbound', { port: inbound, to: httpPort, server }),
      tcpWay('tcp', { port: tcpInbound, to: httpPort, server: plainServer }),
    ]),
    client: await start('client', outbound, [
      httpWay('outbound', { port: outbound, to: inbound, client, upstream: between }),
      tcpWay('tcp', { port: tcpOutbound, to: tcpInbound, client: plainClient }),
    ]),
  }
  if (between === 'h2') return { name: 'Envoy h2', ports: { 'http path': outbound }, pids }
  const ports = {
    'http hop': hop,
    'http2 hop': http2,
    'tcp hop': tcp,
    'http path': outbound,
    'tcp path': tcpOutbound,
    'tls hop': inbound,
  }
  return { name: 'Envoy', ports, pids }
}

/** One listener and what it leads to. */
export interface Way {
  readonly port: number
  /** On HOST, where there are no `endpoints`. */
  readonly to: number
  readonly endpoints?: readonly { readonly host: string; readonly port: number }[]
  /** Beside the cluster, in the route; in front of the router; in the cluster. */
  readonly route?: object
  readonly filters?: readonly object[]
  readonly parts?: object
  readonly server?: object
  readonly client?: object
  readonly upstream?: Protocol
}

export interface ConfiguredWay {
  readonly listener: object
  readonly cluster: object
}

export const PACKAGE = 'type.googleapis.com/envoy.extensions'
const UNLIMITED = 1_000_000

export function httpWay(name: string, way: Way): ConfiguredWay {
  const manager = {
    name: 'http',
    typed_config: {
      '@type': `${PACKAGE}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
      stat_prefix: name,
      codec_type: 'AUTO',
      use_remote_address: true,
      generate_request_id: true,
      http2_protocol_options: { max_concurrent_streams: 1000 },
      route_config: {
        virtual_hosts: [
          {
            name,
            domains: ['*'],
            routes: [{ match: { prefix: '/' }, route: { cluster: name, timeout: '0s', ...way.route } }],
          },
        ],
      },
      http_filters: [
        ...(way.filters ?? []),
        { name: 'router', typed_config: { '@type': `${PACKAGE}.filters.http.router.v3.Router` } },
      ],
    },
  }
  const type = `${PACKAGE}.upstreams.http.v3.HttpProtocolOptions`
  const protocol = way.upstream === 'h2' ? { http2_protocol_options: {} } : { http_protocol_options: {} }
  return configured(name, way, manager, {
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': type,
        explicit_http_config: protocol,
      },
    },
  })
}

function tcpWay(name: string, way: Way): ConfiguredWay {
  const proxy = {
    name: 'tcp',
    typed_config: {
      '@type': `${PACKAGE}.filters.network.tcp_proxy.v3.TcpProxy`,
      stat_prefix: name,
      cluster: name,
    },
  }
  return configured(name, way, proxy, {})
}

function configured(
  name: string,
  { port, to, endpoints = [{ host: HOST, port: to }], server, client, parts }: Way,
  filter: object,
  options: object,
): ConfiguredWay {
  const chain = { filters: [filter], ...(server === undefined ? {} : { transport_socket: server }) }
  return {
    listener: { name, address: address(port), filter_chains: [chain], tcp_backlog_size: 4096 },
    cluster: {
      name,
      type: 'STATIC',
      connect_timeout: '5s',
      load_assignment: {
        cluster_name: name,
        endpoints: [
          {
            lb_endpoints: endpoints.map(one => ({ endpoint: { address: address(one.port, one.host) } })),
          },
        ],
      },
      circuit_breakers: {
        thresholds: [
          { max_connections: UNLIMITED, max_pending_requests: UNLIMITED, max_requests: UNLIMITED },
        ],
      },
      ...(client === undefined ? {} : { transport_socket: client }),
      ...options,
      ...parts,
    },
  }
}

function address(port: number, host: string = HOST): object {
  return { socket_address: { address: host, port_value: port } }
}

function tls(type: string, identity: string, rootFile: string, protocol: Protocol | null): object {
  const version = 'TLSv1_3'
  return {
    name: 'tls',
    typed_config: {
      '@type': `${PACKAGE}.transport_sockets.tls.v3.${type}`,
      ...(type === 'DownstreamTlsContext' ? { require_client_certificate: true } : {}),
      common_tls_context: {
        ...(protocol === 'h2' ? { alpn_protocols: ['h2'] } : {}),
        tls_params: { tls_minimum_protocol_version: version, tls_maximum_protocol_version: version },
        tls_certificates: [
          { certificate_chain: { filename: identity }, private_key: { filename: identity } },
        ],
        validation_context: { trusted_ca: { filename: rootFile } },
      },
    },
  }
}
