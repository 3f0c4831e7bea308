/**
 * The import table of the house as data: what each folder may import besides `#base`, and why not more.
 * ARCHITECTURE.md prints the same table; architecture.test.ts compares code and document with it.
 */
export interface FolderRule {
  readonly folder: string
  readonly mayImport: readonly string[]
  readonly because: string
}

export const FOLDERS: readonly FolderRule[] = [
  { folder: 'dp/base', mayImport: [], because: 'it must not know the words mesh, policy, listener' },
  { folder: 'dp/contract', mayImport: [], because: 'it is data; behaviour would tie the two sides together' },
  { folder: 'cp/kinds', mayImport: [], because: 'what people write is not what proxies run' },
  { folder: 'cp/store', mayImport: ['cp/kinds'], because: 'no policy knowledge in storage' },
  { folder: 'cp/match', mayImport: ['cp/kinds'], because: 'pure: sees the mesh only through match/view.ts' },
  {
    folder: 'cp/compile',
    mayImport: ['cp/kinds', 'cp/match', 'dp/contract'],
    because: 'pure: no I/O, no clock',
  },
  { folder: 'cp/auth', mayImport: ['cp/kinds', 'cp/store'], because: 'says who and whether, nothing else' },
  { folder: 'cp/ca', mayImport: ['cp/kinds', 'cp/store'], because: 'signs; does not know who is connected' },
  {
    folder: 'cp/snapshot',
    mayImport: ['cp/kinds', 'cp/store', 'cp/match', 'cp/compile', 'cp/ca', 'dp/contract'],
    because: 'no sockets',
  },
  {
    folder: 'cp/reconcile',
    mayImport: ['cp/kinds', 'cp/store', 'cp/auth', 'cp/ca'],
    because: 'writes only through the store',
  },
  {
    folder: 'cp/push',
    mayImport: ['cp/snapshot', 'cp/auth', 'cp/ca', 'cp/kinds', 'cp/store', 'dp/contract'],
    because: 'no compile, no match: it sends what snapshot made',
  },
  {
    folder: 'cp/api',
    mayImport: ['cp/kinds', 'cp/store', 'cp/auth', 'cp/ca', 'cp/match', 'cp/snapshot', 'cp/push', 'cp/gui'],
    because: 'no compile directly',
  },
  { folder: 'cp/gui', mayImport: [], because: 'files over HTTP; what it shows comes through the API' },
  { folder: 'cp/from-kuma', mayImport: [], because: 'names of another program: data' },
  { folder: 'cp/cli', mayImport: ['cp/kinds'], because: 'HTTP only; never the store' },
  { folder: 'dp/codec', mayImport: [], because: 'bytes and messages only' },
  { folder: 'dp/tls', mayImport: ['dp/contract'], because: 'no http, no cluster' },
  { folder: 'dp/cluster', mayImport: ['dp/contract', 'dp/codec', 'dp/tls'], because: 'does not know routes' },
  {
    folder: 'dp/http',
    mayImport: ['dp/contract', 'dp/codec', 'dp/cluster'],
    because: 'does not know listeners',
  },
  {
    folder: 'dp/listener',
    mayImport: ['dp/contract', 'dp/codec', 'dp/tls', 'dp/http', 'dp/cluster'],
    because: 'from socket to protocol; does not know snapshots',
  },
  {
    folder: 'dp/apply',
    mayImport: ['dp/contract', 'dp/codec', 'dp/listener', 'dp/http', 'dp/cluster', 'dp/tls'],
    because: 'does not know the link',
  },
  { folder: 'dp/link', mayImport: ['dp/contract'], because: 'hands snapshots to a function it was given' },
  { folder: 'dp/from-kuma', mayImport: [], because: 'names of another program: data' },
  {
    folder: 'dp/probe',
    mayImport: ['dp/contract', 'dp/cluster'],
    because: 'asks the application beside it; does not know listeners or the link',
  },
  { folder: 'dp/admin', mayImport: ['dp/apply', 'dp/contract'], because: 'reads what runs, changes nothing' },
]

/** May be imported by everything on their side. */
export const SIDE_WIDE = ['errors.ts', 'config.ts']

/** Assemblies and mains import everything on their side; nobody imports them. */
export const ASSEMBLIES = [
  'cp/main.ts',
  'cp/control-plane.ts',
  'dp/main.ts',
  'dp/data-plane.ts',
  'cp/cli/main.ts',
]

/** Third-party packages: the one file that imports each, or a folder where one file would not do. */
export const DOORS: Readonly<Record<string, { readonly door: string; readonly because: string }>> = {
  pino: { door: 'dp/base/log.ts', because: 'one log format' },
  ws: { door: 'dp/base/websocket.ts', because: 'one set of limits' },
  yaml: { door: 'dp/base/yaml.ts', because: 'one dialect of YAML' },
  mustache: { door: 'dp/base/template.ts', because: 'one template language' },
  re2js: { door: 'dp/http/routing/regex.ts', because: 'one dialect of regular expressions' },
  'node-forge': { door: 'dp/base/x509/asn1.ts', because: 'ASN.1 in one place' },
  lowdb: { door: 'cp/store/checkpoint.ts', because: 'one file format' },
  fastify: { door: 'cp/api/server.ts', because: 'handlers do not know the framework' },
  undici: { door: 'dp/base/http-client.ts', because: 'one HTTP client' },
  commander: { door: 'dp/base/command-line.ts', because: 'one command-line grammar' },
  jose: { door: 'cp/auth/jwt.ts', because: 'one place that signs and verifies tokens' },
  zod: { door: 'cp/kinds/', because: 'the schema language of the kinds: every kind file speaks it' },
  tap: { door: 'test/', because: 'the test language' },
  'fast-check': { door: 'test/', because: 'the language of fuzz tests' },
  '@grpc/grpc-js': { door: 'test/support/grpc.ts', because: 'both ends of gRPC, as people have them' },
  '@redocly/openapi-core': { door: 'test/cp/api/openapi.test.ts', because: 'the linter of the API document' },
  'tap-parser': { door: 'scripts/run-tests.ts', because: 'the test runner' },
  esbuild: { door: 'scripts/build.ts', because: 'the bundler' },
}
