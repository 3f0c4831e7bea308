/** A small sound snapshot as section values: one inbound with mTLS, one outbound to a service of two. */

type Section = Readonly<Record<string, unknown>>

export function sectionsOf(): {
  readonly [name: string]: Section
  readonly 'listener/192.168.0.1:8080': Section
  readonly 'cluster/api': Section
} {
  return {
    identity: { trustDomain: 'default', backend: 'ca-1', uris: ['spiffe://default/web'] },
    'trust/default': { trustDomain: 'default', roots: ['PEM'] },
    'listener/192.168.0.1:8080': {
      direction: 'inbound',
      address: '192.168.0.1',
      port: 8080,
      protocol: 'http',
      service: 'web',
      upstream: { address: '127.0.0.1', port: 80 },
      tls: {
        trustDomain: 'default',
        permission: { rules: [{ principals: [], action: 'allow', policy: 'allow-all' }] },
      },
    },
    'listener/127.0.0.1:10001': {
      direction: 'outbound',
      address: '127.0.0.1',
      port: 10_001,
      protocol: 'http',
      cluster: 'api',
    },
    'cluster/api': {
      name: 'api',
      connectTimeoutMs: 5_000,
      endpoints: [
        { address: '192.168.0.2', port: 8080 },
        { address: '192.168.0.3', port: 8080 },
      ],
      tls: { sni: 'api{mesh=default}', trustDomain: 'default', serverIds: ['spiffe://default/api'] },
    },
  }
}
