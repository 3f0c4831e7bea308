/**
 * kuma-cp's settings and flags, 2.5 to 2.14 and Kong Mesh: which ones vmesh-cp takes, calls otherwise, does not need or
 * refuses. UPGRADE.md prints these tables.
 */
import type { ForeignName } from '#base/settings/foreign.ts'

const TAKEN: readonly ForeignName[] = [
  'general.tlsCertFile',
  'general.tlsKeyFile',
  'apiServer.http.enabled',
  'apiServer.http.interface',
  'apiServer.http.port',
  'apiServer.https.enabled',
  'apiServer.https.interface',
  'apiServer.https.port',
  'apiServer.basePath',
  'apiServer.rootUrl',
  'apiServer.readOnly',
  'apiServer.corsAllowedDomains',
  'apiServer.auth.clientCertsDir',
  'apiServer.gui.enabled',
  'apiServer.gui.basePath',
  'apiServer.gui.rootUrl',
  'apiServer.authn.localhostIsAdmin',
  'apiServer.authn.tokens.bootstrapAdminToken',
  'access.type',
  'dpServer.port',
  'diagnostics.serverPort',
  'defaults.skipMeshCreation',
  'defaults.skipHostnameGenerators',
  'runtime.universal.dataplaneCleanupAge',
  'multizone.zone.name',
].map(name => ({ name, fate: 'taken' }))

const ONE_CERTIFICATE: readonly ForeignName[] = ['apiServer.https', 'dpServer'].flatMap(server => [
  { name: `${server}.tlsCertFile`, fate: 'renamed', as: 'general.tlsCertFile' },
  { name: `${server}.tlsKeyFile`, fate: 'renamed', as: 'general.tlsKeyFile' },
])

const TLS_LIMITS: readonly ForeignName[] = ['general', 'apiServer.https', 'dpServer'].flatMap(server => [
  {
    name: `${server}.tlsMinVersion`,
    fate: 'refused',
    fine: ['TLSv1_0', 'TLSv1_1', 'TLSv1_2'],
    why: 'it cannot be chosen: 5682 takes TLS 1.2 and newer, data planes use 1.3; leave it out',
  },
  ...['tlsMaxVersion', 'tlsCipherSuites'].map(
    name =>
      ({
        name: `${server}.${name}`,
        fate: 'refused',
        why: 'it cannot be chosen; leave it out',
      }) as const,
  ),
])

const STATIC_ACCESS = 'with access.type static these lists are fixed; use AccessRoles (access.type rbac)'

const ACCESS_LISTS: readonly ForeignName[] = [
  ...['adminResources', 'generateDpToken', 'generateUserToken', 'generateZoneToken'].flatMap(
    list =>
      ['users', 'groups'].map(who => ({
        name: `access.static.${list}.${who}`,
        fate: 'refused',
        fine: [['mesh-system:admin']],
        why: STATIC_ACCESS,
      })) as readonly ForeignName[],
  ),
  ...['viewConfigDump', 'viewStats', 'viewClusters', 'controlPlaneMetadata'].map(
    (list): ForeignName => ({
      name: `access.static.${list}.*`,
      ...(list === 'viewConfigDump' ? { variables: ['KUMA_ACCESS_STATIC_GET_CONFIG_DUMP_*'] } : {}),
      fate: 'idle',
      why: 'only users with a token see these, with roles those that name them',
    }),
  ),
]

const TOKENS: readonly ForeignName[] = ['apiServer.authn.tokens', 'dpServer.authn.dpProxy.dpToken'].flatMap(
  tokens => [
    {
      name: `${tokens}.enableIssuer`,
      fate: 'refused',
      fine: [true],
      why: 'the control plane always makes tokens; who may is said by AccessRoles',
    },
    {
      name: `${tokens}.validator.useSecrets`,
      fate: 'refused',
      fine: [true],
      why: 'tokens are checked with the signing keys that are secrets',
    },
    {
      name: `${tokens}.validator.publicKeys`,
      fate: 'refused',
      why: 'public keys cannot be given; make the signing key a secret',
    },
  ],
)

const REFUSED: readonly ForeignName[] = [
  {
    name: 'environment',
    fate: 'refused',
    fine: ['universal'],
    why: 'vmesh runs on hosts and VMs; leave it out',
  },
  {
    name: 'mode',
    fate: 'refused',
    fine: ['zone', 'standalone'],
    why: 'this control plane is one zone by itself; there is no global one yet',
  },
  {
    name: 'store.type',
    fate: 'refused',
    fine: ['memory'],
    why: 'resources are files in dataDir; bring them over with kumactl export and vmeshctl apply, and leave this out',
  },
  {
    name: 'store.unsafeDelete',
    fate: 'refused',
    fine: [false],
    why: 'the checks of a deletion cannot be turned off',
  },
  {
    name: 'apiServer.authn.type',
    fate: 'refused',
    fine: ['tokens'],
    why: 'client certificates count beside tokens; set apiServer.auth.clientCertsDir instead',
  },
  {
    name: 'apiServer.https.requireClientCert',
    fate: 'refused',
    fine: [false],
    why: 'callers show a token or a certificate of apiServer.auth.clientCertsDir',
  },
  {
    name: 'apiServer.https.tlsCaFile',
    variables: ['KUMA_API_SERVER_HTTPS_CLIENT_CERTS_CA_FILE'],
    fate: 'refused',
    why: 'put the file into a folder and set apiServer.auth.clientCertsDir to it',
  },
  ...['dpServer.authn.dpProxy.type', 'dpServer.auth.type'].map(
    (name): ForeignName => ({
      name,
      fate: 'refused',
      fine: ['dpToken'],
      why: 'every data plane shows a data plane token',
    }),
  ),
  {
    name: 'diagnostics.tlsEnabled',
    fate: 'refused',
    fine: [false],
    why: 'the diagnostics have no TLS; they listen on diagnostics.serverInterface, 127.0.0.1 by default',
  },
  {
    name: 'defaults.createMeshRoutingResources',
    fate: 'refused',
    fine: [false],
    why: 'new meshes get no TrafficRoute; routing needs none',
  },
  {
    name: 'defaults.skipTenantResources',
    fate: 'refused',
    fine: [false],
    why: 'set defaults.skipMeshCreation and defaults.skipHostnameGenerators',
  },
  {
    name: 'multizone.zone.globalAddress',
    fate: 'refused',
    why: 'this control plane is one zone by itself; there is no global one yet',
  },
  {
    name: 'kmesh.access.audit.*',
    variables: ['KMESH_ACCESS_AUDIT_*'],
    fate: 'refused',
    why: 'set access.audit.file.path, .rotationEnabled, .maxSizeMb, .maxRetainedFiles, .maxAgeDays and access.audit.skipDefaultTypes',
  },
]

/** Where they are not made of the setting's name. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  'xdsServer.*': ['KUMA_XDS_*'],
  'dnsServer.*': ['KUMA_DNS_SERVER_*', 'KUMA_DNS_SERVICE_*'],
  'runtime.kubernetes.*': ['KUMA_RUNTIME_KUBERNETES_*', 'KUMA_INJECTOR_*'],
  'policies.*': ['KUMA_PLUGIN_POLICIES_*', 'KUMA_POLICIES_*'],
  'kmesh.*': ['KMESH_*'],
}

const IDLE: readonly ForeignName[] = (
  [
    ['store.postgres.*', 'there is no database; resources are files in dataDir'],
    ['store.kubernetes.*', 'there is no Kubernetes'],
    ['store.cache.*', 'reads come from memory'],
    ['store.upsert.*', 'one process writes; nothing has to be tried again'],
    ['general.workDir', 'generated certificates are in DATADIR/tls'],
    ['general.dnsCacheTTL', 'data planes resolve names themselves'],
    ['general.resilientComponentBaseBackoff', 'one process; what fails is started again by systemd'],
    ['general.resilientComponentMaxBackoff', 'one process; what fails is started again by systemd'],
    ['bootstrapServer.*', 'there is no Envoy to configure'],
    ['xdsServer.*', 'changes go out at once over one connection; there is no xDS'],
    ['monitoringAssignmentServer.*', 'there is no monitoring assignment service'],
    ['apiServer.readHeaderTimeout', 'fixed'],
    ['apiServer.readTimeout', 'fixed'],
    ['apiServer.writeTimeout', 'fixed'],
    ['apiServer.idleTimeout', 'fixed'],
    ['dpServer.authn.enableReloadableTokens', 'a token file is read again for each connection'],
    ['dpServer.authn.zoneProxy.*', 'there are no zone proxies yet'],
    ['dpServer.readHeaderTimeout', 'fixed'],
    ['dpServer.hds.*', 'data planes probe by themselves and tell what changes'],
    ['diagnostics.debugEndpoints', 'there are none'],
    ['diagnostics.tlsCertFile', 'the diagnostics have no TLS'],
    ['diagnostics.tlsKeyFile', 'the diagnostics have no TLS'],
    ['diagnostics.tlsMinVersion', 'the diagnostics have no TLS'],
    ['diagnostics.tlsMaxVersion', 'the diagnostics have no TLS'],
    ['diagnostics.tlsCipherSuites', 'the diagnostics have no TLS'],
    [
      'defaults.enableLocalhostInboundClusters',
      'inbounds call serviceAddress of the Dataplane, by default 127.0.0.1',
    ],
    ['metrics.dataplane.subscriptionLimit', 'the last connections are kept'],
    ['metrics.dataplane.idleTimeout', 'see dpServer.lease'],
    ['metrics.zone.*', 'there is one zone'],
    ['metrics.mesh.*', 'insights are made when they are asked for'],
    ['metrics.controlPlane.*', 'see /metrics on the diagnostics port'],
    ['runtime.kubernetes.*', 'there is no Kubernetes'],
    ['runtime.universal.vipRefreshInterval', 'there are no virtual addresses'],
    ['runtime.universal.zoneResourceCleanupAge', 'there is one zone'],
    ['runtime.universal.workload.*', 'there are no Workloads'],
    ['multizone.global.*', 'there is no global control plane'],
    ['multizone.zone.kds.*', 'there is no global control plane'],
    ['multizone.zone.disableOriginLabelValidation', 'labels are always checked'],
    ['interCp.*', 'there is one control plane'],
    ['dnsServer.*', 'there is no DNS server; outbounds have addresses'],
    ['ipam.*', 'there are no virtual addresses'],
    ['meshService.*', 'MeshServices are written by people'],
    ['policies.*', 'all kinds are there'],
    ['coreResources.*', 'all kinds are there'],
    ['proxy.*', 'there is no Envoy to configure'],
    ['eventBus.*', 'there is none'],
    ['tracing.*', 'the control plane makes no traces'],
    ['experimental.*', 'there are no such features'],
    ['reports.*', 'nothing is reported to anybody'],
    ['kmesh.*', 'no licence is needed'],
  ] as const
).map(([name, why]) => ({ name, ...variables(name), fate: 'idle', why }))

/** A setting that both have comes first, then what it is here; of wildcards the narrower first. */
export const KUMA_CP_SETTINGS: readonly ForeignName[] = [
  ...TAKEN,
  ...ONE_CERTIFICATE,
  ...REFUSED,
  ...TOKENS,
  ...TLS_LIMITS,
  ...ACCESS_LISTS,
  ...IDLE,
]

/** Of kuma-cp run and of kuma-cp itself; those that vmesh-cp has too are not listed. */
export const KUMA_CP_FLAGS: readonly ForeignName[] = [
  {
    name: 'log-output-path',
    variables: [],
    fate: 'idle',
    why: 'logs go to standard output, to the journal under systemd',
  },
  {
    name: 'log-max-*',
    variables: [],
    fate: 'idle',
    why: 'logs go to standard output, to the journal under systemd',
  },
]

function variables(name: string): { readonly variables?: readonly string[] } {
  const named = VARIABLES[name]
  return named === undefined ? {} : { variables: named }
}
