/**
 * The settings of `vmesh-cp run` as one table, with Kuma's names where Kuma has them; each also as a variable
 * `VMESH_…`. The only reader of the environment on this side besides the command line's.
 */

import { foreignRemarks } from '#base/settings/foreign-remarks.ts'
import {
  defineSettings,
  type FlagValue,
  readSettings,
  type Settings,
  type SettingsFile,
  settingsOrThrow,
} from '#base/settings.ts'
import { VERSION } from '#base/version.ts'
import { KUMA_CP_SETTINGS } from './from-kuma/settings.ts'

export const CP_SETTINGS = defineSettings({
  dataDir: {
    type: 'path',
    default: './vmesh-data',
    doc: 'Folder of the store, its backups and the TLS files.',
  },
  tlsSan: {
    type: 'list',
    default: [],
    doc: "Further host names and addresses for the control plane's own certificate.",
  },
  logLevel: {
    type: 'enum',
    values: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    default: 'info',
    doc: 'Least level that is logged.',
  },
  'general.tlsCertFile': {
    type: 'path',
    default: null,
    doc: 'Certificate (leaf first) for 5678 and 5682 instead of the one that the control plane makes.',
  },
  'general.tlsKeyFile': { type: 'path', default: null, doc: 'Its private key.' },
  'apiServer.http.enabled': { type: 'boolean', default: true, doc: 'HTTP API without TLS.' },
  'apiServer.http.interface': {
    type: 'string',
    default: '127.0.0.1',
    doc: 'Address of the HTTP API. Beyond loopback, tokens would travel in the clear.',
  },
  'apiServer.http.port': { type: 'port', default: 5681, doc: 'Port of the HTTP API.' },
  'apiServer.https.enabled': { type: 'boolean', default: true, doc: 'HTTP API with TLS.' },
  'apiServer.https.interface': { type: 'string', default: '0.0.0.0', doc: 'Address of the HTTPS API.' },
  'apiServer.https.port': { type: 'port', default: 5682, doc: 'Port of the HTTPS API.' },
  'apiServer.basePath': { type: 'string', default: '/', doc: 'Path before all paths of the HTTP API.' },
  'apiServer.rootUrl': {
    type: 'string',
    default: '',
    doc: 'Address of the HTTP API as browsers see it, for the GUI; empty: where they got the GUI from.',
  },
  'apiServer.readOnly': { type: 'boolean', default: false, doc: 'Refuse all changes of resources.' },
  'apiServer.corsAllowedDomains': {
    type: 'list',
    default: [],
    doc: 'Regular expressions for origins of other sites whose pages may read the HTTP API.',
  },
  'apiServer.auth.clientCertsDir': {
    type: 'path',
    default: null,
    doc: 'Folder with CA certificates (*.pem, *.crt): whoever shows a certificate of theirs on HTTPS is admin.',
  },
  'apiServer.gui.enabled': { type: 'boolean', default: true, doc: 'Serve the GUI.' },
  'apiServer.gui.basePath': { type: 'string', default: '/gui', doc: 'Path of the GUI.' },
  'apiServer.gui.rootUrl': {
    type: 'string',
    default: '',
    doc: 'Address of the GUI as browsers see it; empty: the path.',
  },
  'apiServer.gui.dir': {
    type: 'path',
    default: null,
    doc: 'Folder with the files of a GUI for Kuma (its index.html and assets); without it a page says so.',
  },
  'apiServer.announce.product': {
    type: 'string',
    default: 'Kuma',
    doc: 'Product that clients are told; clients of Kong Mesh accept only Kong Mesh.',
  },
  'apiServer.announce.version': {
    type: 'string',
    default: `2.14.3-preview.vmesh-${VERSION}`,
    doc: 'Version of Kuma that clients are told; with `preview` in it none of them warns.',
  },
  'apiServer.maxBodyBytes': {
    type: 'integer',
    default: 1_048_576,
    min: 1_024,
    unit: 'bytes',
    doc: 'Largest body of a request.',
  },
  'apiServer.authn.localhostIsAdmin': {
    type: 'boolean',
    default: true,
    doc: 'Callers on the loopback are admin, unless a header says that they speak for somebody else.',
  },
  'apiServer.authn.anonymousRead': {
    type: 'boolean',
    default: false,
    doc: 'Callers without a token may read resources without secrets.',
  },
  'apiServer.authn.tokens.bootstrapAdminToken': {
    type: 'boolean',
    default: true,
    doc: 'Make the GlobalSecret admin-user-token on first start.',
  },
  'access.type': {
    type: 'enum',
    values: ['rbac', 'static'],
    default: 'rbac',
    doc: 'rbac: AccessRoles say what users may do. static: users write all but secrets, admins do the rest; also the way back in when roles locked everybody out.',
  },
  'access.audit.file.path': {
    type: 'path',
    default: null,
    doc: 'File of the audit log; without it audit/audit.log in the data folder.',
  },
  'access.audit.file.rotationEnabled': {
    type: 'boolean',
    default: true,
    doc: 'Rename the audit log when it is full, as audit-TIMESTAMP.log.',
  },
  'access.audit.file.maxSizeMb': {
    type: 'integer',
    default: 100,
    min: 1,
    unit: 'megabytes',
    doc: 'Size at which the audit log is full.',
  },
  'access.audit.file.maxRetainedFiles': {
    type: 'integer',
    default: 10,
    min: 0,
    unit: 'files',
    doc: 'How many full audit logs are kept; 0: all.',
  },
  'access.audit.file.maxAgeDays': {
    type: 'integer',
    default: 30,
    min: 0,
    unit: 'days',
    doc: 'How long full audit logs are kept; 0: for ever.',
  },
  'access.audit.skipDefaultTypes': {
    type: 'list',
    default: [
      'DataplaneInsight',
      'ZoneIngressInsight',
      'ZoneEgressInsight',
      'ZoneInsight',
      'ServiceInsight',
      'MeshInsight',
    ],
    doc: 'Types that an AccessAudit without types does not audit.',
  },
  'dpServer.interface': { type: 'string', default: '0.0.0.0', doc: 'Address for data planes.' },
  'dpServer.port': { type: 'port', default: 5678, doc: 'Port for data planes (TLS, WebSocket).' },
  'dpServer.pingInterval': {
    type: 'duration',
    default: '5s',
    doc: 'How often a data plane shows that it lives.',
  },
  'dpServer.lease': {
    type: 'duration',
    default: '15s',
    doc: 'A data plane that is silent this long leaves rotation and may be replaced.',
  },
  'diagnostics.serverInterface': { type: 'string', default: '127.0.0.1', doc: 'Address of the diagnostics.' },
  'diagnostics.serverPort': { type: 'port', default: 5680, doc: 'Port of /healthy, /ready and /metrics.' },
  'defaults.skipMeshCreation': {
    type: 'boolean',
    default: false,
    doc: 'Do not make the mesh default on first start.',
  },
  'defaults.skipHostnameGenerators': {
    type: 'boolean',
    default: false,
    doc: 'Do not make the HostnameGenerators of this zone on first start.',
  },
  'runtime.universal.dataplaneCleanupAge': {
    type: 'duration',
    default: '72h',
    doc: 'Dataplanes that their daemon made and left behind are deleted after this long.',
  },
  'metrics.dataplane.flushInterval': {
    type: 'duration',
    default: '30s',
    doc: 'How often the status of data planes is written to the store.',
  },
  'store.history.revisionsPerResource': {
    type: 'integer',
    default: 20,
    min: 1,
    doc: 'How many past revisions of a resource can be listed and brought back.',
  },
  'store.history.maxBytes': {
    type: 'integer',
    default: 134_217_728,
    min: 1_048_576,
    unit: 'bytes',
    doc: 'Largest size of the history on disk. Beyond it the oldest revisions go first.',
  },
  'multizone.zone.name': {
    type: 'string',
    default: 'default',
    doc: 'Name of this zone: tag kuma.io/zone of Dataplanes.',
  },
})

export type CpSettings = Settings<typeof CP_SETTINGS>
export type CpFlags = { readonly [Name in keyof CpSettings]?: FlagValue }

/** Throws `settings.invalid` with all faults. */
export function readCpSettings(flags: CpFlags, file: SettingsFile | undefined): CpSettings {
  return settingsOrThrow(
    readSettings(CP_SETTINGS, {
      environment: process.env,
      flags,
      file,
      otherVariables: OTHER_VARIABLES,
      foreign: KUMA_CP_SETTINGS,
    }),
  )
}

/** What of kuma-cp's settings and variables is left out, one sentence each. */
export function cpRemarks(file: SettingsFile | undefined): readonly string[] {
  const sources = { file, environment: process.env, prefix: 'KUMA_' }
  return foreignRemarks(KUMA_CP_SETTINGS, Object.keys(CP_SETTINGS), sources)
}

/** Variables with our prefix that data planes have: both may share an environment. */
const OTHER_VARIABLES: readonly string[] = [
  'VMESH_CONFIG_FILE',
  'VMESH_CP_*',
  'VMESH_CA_*',
  'VMESH_DATAPLANE_*',
  'VMESH_NAME',
  'VMESH_MESH',
  'VMESH_DRAIN_TIME',
  'VMESH_CONCURRENCY',
  'VMESH_MAX_*',
  'VMESH_LIMIT',
  'VMESH_STATE_DIR',
  'VMESH_ALLOW_EXEC_PROBES',
]

/** For what systemd tells its services. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return process.env
}
