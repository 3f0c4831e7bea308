/** `inspect dataplanes`: Dataplanes with what is known of their proxies. */
import { type CommandNode, command } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { tagsOf } from '../../../kinds/table/columns.ts'
import { listAll } from '../../lists.ts'
import { at, list, OUTPUT_OPTION, printAs, type Shown, table, text } from '../../output.ts'
import {
  ago,
  isOnline,
  isTime,
  lastSubscription,
  SUBSCRIPTION_TITLES,
  statusWord,
  subscriptionCells,
  versionOf,
} from '../../show/insight.ts'
import { MESH_OPTION, TARGET_OPTIONS, withSession } from '../../target.ts'
import { listedPairs } from '../../words.ts'
import type { World } from '../../world.ts'

export function dataplanesCommand(world: World): CommandNode {
  return command({
    name: 'dataplanes',
    doc: 'data planes with their proxies',
    options: {
      ...TARGET_OPTIONS,
      ...MESH_OPTION,
      ...OUTPUT_OPTION,
      tag: {
        type: 'list',
        value: 'KEY=VALUE',
        doc: 'Only those with this tag. Repeatable: all have to fit.',
      },
      gateway: { type: 'switch', doc: 'Only gateways.' },
      ingress: { type: 'switch', doc: 'Of older versions; changes nothing.' },
    },
    run: async ({ options }) =>
      await withSession(options, world, async ({ client, mesh }) => {
        const tag = listedPairs(options.tag, '--tag').map(([key, value]) => `${key}:${value}`)
        const query = { tag, ...(options.gateway ? { gateway: 'true' } : {}) }
        const items = await listAll(client, ['meshes', mesh, 'dataplanes', '_overview'], query)
        const nowMs = world.nowMs()
        await printAs(
          options.output,
          { items, next: null, total: items.length },
          () => tableOf(items, nowMs),
          world,
        )
        return EXIT.ok
      }),
  })
}

const TITLES = [
  'MESH',
  'NAME',
  'TAGS',
  ...SUBSCRIPTION_TITLES,
  'CERT REGENERATED AGO',
  'CERT EXPIRATION',
  'CERT REGENERATIONS',
  'CERT BACKEND',
  'SUPPORTED CERT BACKENDS',
  'KUMA-DP VERSION',
  'ENVOY VERSION',
  'DEPENDENCIES VERSIONS',
  'NOTES',
]

function tableOf(items: readonly Shown[], nowMs: number): string {
  return table(
    TITLES,
    items.map(item => {
      const insight = item['dataplaneInsight']
      const mtls = at(insight, 'mTLS')
      const { status, notes } = statusOf(item)
      const regenerations = at(mtls, 'certificateRegenerations')
      return [
        text(item['mesh']),
        text(item['name']),
        tagsOf(item['dataplane']),
        ...subscriptionCells(insight, status, nowMs),
        ago(at(mtls, 'lastCertificateRegeneration'), nowMs),
        dateOf(at(mtls, 'certificateExpirationTime')),
        String(regenerations ?? 0),
        text(at(mtls, 'issuedBackend')) || '-',
        list(at(mtls, 'supportedBackends')).map(String).join(','),
        versionOf(insight, 'kumaDp'),
        versionOf(insight, 'envoy'),
        dependenciesOf(insight),
        notes.join(';'),
      ]
    }),
  )
}

/** Online only where the proxy is connected and every inbound is ready; a gateway has none. */
function statusOf(item: Shown): { readonly status: string; readonly notes: readonly string[] } {
  const isUp = isOnline(item['dataplaneInsight'])
  const networking = at(item['dataplane'], 'networking')
  const inbounds = list(at(networking, 'inbound'))
  const down = inbounds.filter(isNotReady)
  const notes = down.map(
    inbound =>
      `inbound[port=${String(at(inbound, 'port'))},svc=${text(at(inbound, 'tags', 'kuma.io/service'))}] is not ready`,
  )
  if (at(networking, 'gateway') !== undefined) return { status: statusWord(isUp), notes }
  const isAllDown = inbounds.length > 0 && down.length === inbounds.length
  if (isUp && !isAllDown && down.length > 0) return { status: 'Partially degraded', notes }
  return { status: statusWord(isUp && !isAllDown), notes }
}

/** Inbounds without a state are taken for ready, as in Kuma; `Ignored` counts as not there. */
function isNotReady(inbound: unknown): boolean {
  const state = at(inbound, 'state')
  return at(inbound, 'health', 'ready') === false || (state !== undefined && state !== 'Ready' && state !== 0)
}

function dateOf(time: unknown): string {
  return isTime(time) ? new Date(text(time)).toISOString().slice(0, 19).replace('T', ' ') : '-'
}

function dependenciesOf(insight: unknown): string {
  const dependencies = at(lastSubscription(insight), 'version', 'dependencies')
  return Object.entries(dependencies ?? {})
    .map(([name, version]) => `${name}=${String(version)}`)
    .sort()
    .join(', ')
}
