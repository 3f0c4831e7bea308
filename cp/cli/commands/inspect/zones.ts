/** `inspect zones`, `zone-ingresses`, `zoneegresses`: lists of what connects zones. */
import { type CommandNode, command } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { listAll } from '../../lists.ts'
import { at, OUTPUT_OPTION, printAs, type Shown, table, text } from '../../output.ts'
import {
  isOnline,
  lastSubscription,
  SUBSCRIPTION_TITLES,
  statusWord,
  subscriptionCells,
  versionOf,
} from '../../show/insight.ts'
import { TARGET_OPTIONS, withSession } from '../../target.ts'
import type { World } from '../../world.ts'

export function zonesCommand(world: World): CommandNode {
  return listCommand(world, {
    name: 'zones',
    doc: 'zones with their connections',
    path: 'zones',
    titles: ['ZONE-CP VERSION', 'BACKEND'],
    cells(item) {
      const insight = item['zoneInsight']
      const isEnabled = at(item['zone'], 'enabled') !== false
      const own = [versionOf(insight, 'kumaCp'), backendOf(insight)]
      return { insight, isUp: isEnabled && isOnline(insight), own }
    },
    note: item =>
      item['zoneInsight'] === undefined
        ? `zone ${text(item['name'])}: no control plane of this zone ever connected to this one; the own zone of a control plane that works alone is shown so too, as in Kuma, and nothing is wrong with it`
        : '',
  })
}

export function zoneIngressesCommand(world: World): CommandNode {
  return listCommand(world, {
    name: 'zone-ingresses',
    aliases: ['zoneingresses'],
    doc: 'ingresses of zones',
    path: 'zone-ingresses',
    titles: PROXY_TITLES,
    cells: item => proxyCells(item['zoneIngressInsight']),
  })
}

export function zoneEgressesCommand(world: World): CommandNode {
  return listCommand(world, {
    name: 'zoneegresses',
    aliases: ['zone-egresses'],
    doc: 'egresses of zones',
    path: 'zoneegresses',
    titles: PROXY_TITLES,
    cells: item => proxyCells(item['zoneEgressInsight']),
  })
}

interface Cells {
  readonly insight: unknown
  readonly isUp: boolean
  /** Under the titles of the list. */
  readonly own: readonly string[]
}

interface ListSpec {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly doc: string
  readonly path: string
  /** After those that all have. */
  readonly titles: readonly string[]
  cells(item: Shown): Cells
  /** Told beside the table; empty: nothing. */
  note?(item: Shown): string
}

const PROXY_TITLES = ['KUMA-DP VERSION', 'ENVOY VERSION']

function proxyCells(insight: unknown): Cells {
  const own = [versionOf(insight, 'kumaDp'), versionOf(insight, 'envoy')]
  return { insight, isUp: isOnline(insight), own }
}

function listCommand(world: World, spec: ListSpec): CommandNode {
  return command({
    name: spec.name,
    aliases: spec.aliases ?? [],
    doc: spec.doc,
    options: { ...TARGET_OPTIONS, ...OUTPUT_OPTION },
    run: async ({ options }) =>
      await withSession(options, world, async ({ client }) => {
        const items = await listAll(client, [spec.path, '_overview'])
        const nowMs = world.nowMs()
        const rows = (): string =>
          table(
            ['NAME', ...SUBSCRIPTION_TITLES, ...spec.titles],
            items.map(item => {
              const { insight, isUp, own } = spec.cells(item)
              return [text(item['name']), ...subscriptionCells(insight, statusWord(isUp), nowMs), ...own]
            }),
          )
        await printAs(options.output, { items, next: null, total: items.length }, rows, world)
        if (options.output === 'table' && !options.quiet) {
          for (const note of items.map(item => spec.note?.(item) ?? '').filter(Boolean))
            world.err(`${note}\n`)
        }
        return EXIT.ok
      }),
  })
}

/** Its settings travel as a JSON text. */
function backendOf(insight: unknown): string {
  try {
    return text(at(JSON.parse(text(at(lastSubscription(insight), 'config'))), 'store', 'type'))
  } catch {
    return ''
  }
}
