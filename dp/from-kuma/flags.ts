/**
 * kuma-dp's flags and their variables, 2.5 to 2.14 and Kong Mesh: which ones vmesh-dp takes, does not need or refuses.
 * UPGRADE.md prints this table.
 */
import type { ForeignName } from '#base/settings/foreign.ts'

const RUNTIME = 'KUMA_DATAPLANE_RUNTIME_'
const NO_ENVOY = 'there is no Envoy'
const NO_DNS = 'there is no DNS server; applications call the addresses of outbounds'
const NO_INTERCEPTION =
  'traffic is not intercepted; applications call the addresses of outbounds (vmeshctl outbounds lists them)'
const LOGS = 'logs go to standard output, to the journal under systemd'

export const KUMA_DP_FLAGS: readonly ForeignName[] = [
  { name: 'cp-address', variables: ['KUMA_CONTROL_PLANE_URL'], fate: 'taken', as: 'cpAddress' },
  {
    name: 'ca-cert-file',
    variables: ['KUMA_CONTROL_PLANE_CA_CERT_FILE', 'KUMA_CONTROL_PLANE_CA_CERT'],
    fate: 'taken',
    as: 'caCertFile',
  },
  { name: 'name', variables: ['KUMA_DATAPLANE_NAME'], fate: 'taken', as: 'name' },
  { name: 'mesh', variables: ['KUMA_DATAPLANE_MESH'], fate: 'taken', as: 'mesh' },
  { name: 'dataplane-file', variables: [`${RUNTIME}RESOURCE_PATH`], fate: 'taken', as: 'dataplaneFile' },
  { name: 'dataplane-var', variables: [], fate: 'taken', as: 'dataplaneVar' },
  {
    name: 'dataplane-token-file',
    variables: [`${RUNTIME}TOKEN_PATH`],
    fate: 'taken',
    as: 'dataplaneTokenFile',
  },
  { name: 'dataplane-token', variables: [`${RUNTIME}TOKEN`], fate: 'taken', as: 'dataplaneToken' },
  { name: 'drain-time', variables: ['KUMA_DATAPLANE_DRAIN_TIME'], fate: 'taken', as: 'drainTime' },
  { name: 'concurrency', variables: [`${RUNTIME}CONCURRENCY`], fate: 'taken', as: 'concurrency' },
  { name: 'log-level', variables: [], fate: 'taken', as: 'logLevel' },
  {
    name: 'dataplane',
    variables: [`${RUNTIME}RESOURCE`],
    fate: 'refused',
    why: 'give the Dataplane as a file, or on standard input with --dataplane-file -',
  },
  {
    name: 'proxy-type',
    variables: ['KUMA_DATAPLANE_PROXY_TYPE'],
    fate: 'refused',
    fine: ['dataplane'],
    why: 'vmesh-dp is the proxy of a Dataplane; there are no zone proxies yet',
  },
  {
    name: 'skip-verify',
    variables: ['KUMA_CONTROL_PLANE_TLS_SKIP_VERIFY'],
    fate: 'refused',
    fine: [false],
    isSwitch: true,
    why: 'give --ca-cert-file, or the fingerprint of that CA as --ca-cert-sha256',
  },
  {
    name: 'config-file',
    variables: [],
    fate: 'refused',
    why: 'there is no such file; give flags, or variables in the unit file',
  },
  {
    name: 'transparent-proxy',
    variables: [`${RUNTIME}TRANSPARENT_PROXY_ENABLED`],
    fate: 'refused',
    fine: [false],
    isSwitch: true,
    why: NO_INTERCEPTION,
  },
  {
    name: 'transparent-proxy-config',
    variables: [`${RUNTIME}TRANSPARENT_PROXY_CONFIG`],
    fate: 'refused',
    why: NO_INTERCEPTION,
  },
  { name: 'transparent-proxy-config-file', variables: [], fate: 'refused', why: NO_INTERCEPTION },
  {
    name: 'bind-outbounds',
    variables: [`${RUNTIME}BIND_OUTBOUNDS`],
    fate: 'refused',
    fine: [false],
    isSwitch: true,
    why: 'there are no virtual addresses; outbounds listen where the Dataplane says',
  },
  { name: 'binary-path', variables: [`${RUNTIME}BINARY_PATH`], fate: 'idle', why: NO_ENVOY },
  { name: 'config-dir', variables: [`${RUNTIME}CONFIG_DIR`], fate: 'idle', why: 'see --state-dir' },
  { name: 'work-dir', variables: [`${RUNTIME}WORK_DIR`], fate: 'idle', why: 'see --state-dir' },
  { name: 'envoy-log-level', variables: [`${RUNTIME}ENVOY_LOG_LEVEL`], fate: 'idle', why: NO_ENVOY },
  {
    name: 'envoy-component-log-level',
    variables: [`${RUNTIME}ENVOY_COMPONENT_LOG_LEVEL`],
    fate: 'idle',
    why: NO_ENVOY,
  },
  {
    name: 'metrics-cert-path',
    variables: [`${RUNTIME}METRICS_CERT_PATH`],
    fate: 'idle',
    why: 'metrics are not served yet',
  },
  {
    name: 'metrics-key-path',
    variables: [`${RUNTIME}METRICS_KEY_PATH`],
    fate: 'idle',
    why: 'metrics are not served yet',
  },
  { name: 'dns-enabled', variables: ['KUMA_DNS_ENABLED'], fate: 'idle', isSwitch: true, why: NO_DNS },
  {
    name: 'dns-enable-logging',
    variables: ['KUMA_DNS_ENABLE_LOGGING'],
    fate: 'idle',
    isSwitch: true,
    why: NO_DNS,
  },
  { name: 'dns-*', variables: ['KUMA_DNS_*'], fate: 'idle', why: NO_DNS },
  {
    name: 'application-probe-proxy-port',
    variables: ['KUMA_APPLICATION_PROBE_PROXY_PORT'],
    fate: 'idle',
    why: 'there is no Kubernetes',
  },
  { name: 'opa-enabled', variables: [], fate: 'idle', isSwitch: true, why: 'there is no OPA agent' },
  { name: 'opa-*', variables: ['KMESH_OPA_*'], fate: 'idle', why: 'there is no OPA agent' },
  { name: 'log-output-path', variables: [], fate: 'idle', why: LOGS },
  { name: 'log-max-*', variables: [], fate: 'idle', why: LOGS },
  {
    name: '',
    variables: ['KUMA_CONTROL_PLANE_RETRY_*'],
    fate: 'idle',
    why: 'it connects again after 0.2 s to 30 s',
  },
  {
    name: '',
    variables: ['KUMA_READINESS_PORT'],
    fate: 'idle',
    why: 'systemd is told when it is ready (Type=notify); see vmesh-dp status',
  },
  {
    name: '',
    variables: ['KUMA_DATAPLANE_RESOURCES_*'],
    fate: 'idle',
    why: 'set --max-memory-mb',
  },
]
