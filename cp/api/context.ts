/** What handlers work with, from the settings and the parts of the control plane; and `/config` as clients of Kuma know it. */
import type { Logger } from '#base/log.ts'
import type { Metrics } from '#base/metrics.ts'
import type { AccessControl } from '../auth/access.ts'
import type { AuditTrail } from '../auth/audit/audit-trail.ts'
import type { Tokens } from '../auth/tokens.ts'
import { CP_SETTINGS, type CpSettings } from '../config.ts'
import type { GuardedStore } from '../store/guarded-store.ts'
import type { Store } from '../store/store.ts'
import type { ApiContext, Live, Route } from './request.ts'
import { ensureClusterId } from './system/cluster-id.ts'
import { guiRoutes } from './system/gui.ts'
import type { LogComponents } from './system/log-components.ts'
import { settingsView } from './system/settings-view.ts'

export interface ApiOptions {
  readonly settings: CpSettings
  readonly store: Store
  readonly guarded: GuardedStore
  readonly tokens: Tokens
  readonly access: AccessControl
  readonly audit: AuditTrail
  readonly log: Logger
  readonly version: string
  /** `HOST-4HEX`. */
  readonly instanceId: string
  /** What is known of a data plane at this moment; undefined: it never connected. */
  readonly insight: (mesh: string, name: string) => object | undefined
  readonly live: Live
  /** For the HTTPS listener. PEM, leaf first. */
  readonly tls: TlsPair
  /** Where others count too; its own when left out. */
  readonly metrics?: Metrics
  /** Whose levels can be changed; nobody's when left out. */
  readonly logs?: LogComponents
}

export interface TlsPair {
  readonly cert: string
  readonly key: string
}

/** From the settings and what the assembly gives. Throws what the store throws. */
export async function contextOf(options: ApiOptions, isReady: () => boolean): Promise<ApiContext> {
  const { settings, store, guarded, tokens, access, audit, log, version, instanceId, insight, live } = options
  return {
    store,
    guarded,
    tokens,
    access,
    audit,
    authenticate: { localhostIsAdmin: settings['apiServer.authn.localhostIsAdmin'] },
    log,
    version,
    announce: {
      product: settings['apiServer.announce.product'],
      version: settings['apiServer.announce.version'],
    },
    prefix: prefixOf(settings),
    gui: guiAddress(settings),
    isReadOnly: settings['apiServer.readOnly'],
    zone: settings['multizone.zone.name'],
    instanceId,
    clusterId: await ensureClusterId(store),
    insight,
    live,
    config: () =>
      settingsView(CP_SETTINGS, settings, {
        ...FIXED_SETTINGS,
        // so spelt by Kuma
        'defaults.SkipHostnameGenerators': settings['defaults.skipHostnameGenerators'],
      }),
    isReady,
  }
}

function guiAddress(settings: CpSettings): string | null {
  if (!settings['apiServer.gui.enabled']) return null
  return settings['apiServer.gui.rootUrl'] || `${prefixOf(settings)}${settings['apiServer.gui.basePath']}`
}

/** None where the GUI is off. */
export function guiRoutesFor(settings: CpSettings, { announce, isReadOnly }: ApiContext): readonly Route[] {
  if (!settings['apiServer.gui.enabled']) return []
  const path = settings['apiServer.gui.basePath'].replace(/\/+$/, '') || '/gui'
  const basePath = `${prefixOf(settings)}${path}`
  const config = {
    apiUrl: settings['apiServer.rootUrl'] || prefixOf(settings),
    baseGuiPath: basePath,
    version: announce.version,
    product: announce.product,
    mode: 'zone',
    environment: 'universal',
    storeType: 'json',
    apiReadOnly: isReadOnly,
  }
  return guiRoutes({ dir: settings['apiServer.gui.dir'], basePath, config }, path)
}

/** Before all paths: empty, or with a slash before and none behind. */
export function prefixOf(settings: CpSettings): string {
  const path = settings['apiServer.basePath'].replace(/^\/*|\/*$/g, '')
  return path === '' ? '' : `/${path}`
}

/** What GUIs and scripts of Kuma look for in `/config`, and is no choice here. */
const FIXED_SETTINGS = {
  environment: 'universal',
  mode: 'zone',
  'store.type': 'json',
  'bootstrapServer.params.adminPort': 0,
  coreResources: { enabled: [] },
  'dnsServer.domain': 'mesh',
  'dnsServer.serviceVipEnabled': false,
  'dpServer.authn.dpProxy.type': 'dpToken',
  'dpServer.authn.zoneProxy.type': 'zoneToken',
  'dpServer.hds.enabled': false,
  eventBus: {},
  experimental: {
    kubeOutboundsAsVIPs: true,
    useTagFirstVirtualOutboundModel: false,
    ingressTagFilters: [],
    autoReachableServices: false,
    sidecarContainers: true,
    deltaXds: true,
    inboundTagsDisabled: false,
    exposeZoneProxyMetrics: false,
  },
  interCp: {},
  ipam: {},
  meshService: {},
  monitoringAssignmentServer: {},
  'multizone.global': {},
  policies: { pluginPoliciesEnabled: [] },
  proxy: {},
  'reports.enabled': false,
  tracing: {},
  xdsServer: {},
}
