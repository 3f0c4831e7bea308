/** `inspect meshes`: how many data planes and policies there are in each mesh. */
import { type CommandNode, command } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { listAll } from '../../lists.ts'
import { at, OUTPUT_OPTION, printAs, type Shown, table, text } from '../../output.ts'
import { TARGET_OPTIONS, withSession } from '../../target.ts'
import type { World } from '../../world.ts'

/** Titles of kumactl, with the type that each counts. */
const COUNTED = [
  ['TRAFFIC PERMISSIONS', 'TrafficPermission'],
  ['TRAFFIC ROUTES', 'TrafficRoute'],
  ['CIRCUIT BREAKERS', 'CircuitBreaker'],
  ['HEALTH CHECKS', 'HealthCheck'],
  ['FAULT INJECTIONS', 'FaultInjection'],
  ['EXTERNAL SERVICES', 'ExternalService'],
  ['TRAFFIC TRACES', 'TrafficTrace'],
  ['TRAFFIC LOGS', 'TrafficLog'],
  ['PROXY TEMPLATES', 'ProxyTemplate'],
  ['RATE LIMITS', 'RateLimit'],
] as const

export function meshesCommand(world: World): CommandNode {
  return command({
    name: 'meshes',
    doc: 'meshes with their data planes and policies',
    options: { ...TARGET_OPTIONS, ...OUTPUT_OPTION },
    run: async ({ options }) =>
      await withSession(options, world, async ({ client }) => {
        const items = await listAll(client, ['mesh-insights'])
        await printAs(options.output, { items, next: null, total: items.length }, () => tableOf(items), world)
        return EXIT.ok
      }),
  })
}

function tableOf(items: readonly Shown[]): string {
  return table(
    ['MESH', 'DATAPLANES', ...COUNTED.map(([title]) => title)],
    items.map(item => [
      text(item['name']),
      ratio(item['dataplanes']),
      ...COUNTED.map(([, type]) => String(countOf(item, type))),
    ]),
  )
}

function countOf(item: Shown, type: string): number {
  const own = type === 'ExternalService' ? at(item, 'externalServices', 'total') : undefined
  const count = at(item, 'policies', type, 'total') ?? at(item, 'resources', type, 'total') ?? own
  return typeof count === 'number' ? count : 0
}

/** `online/total`. */
export function ratio(counts: unknown): string {
  return `${Number(at(counts, 'online') ?? 0)}/${Number(at(counts, 'total') ?? 0)}`
}
