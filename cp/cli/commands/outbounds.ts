/** `vmeshctl outbounds`: what an application calls on its own host, and who answers there. */
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { listAll } from '../lists.ts'
import { age, at, list, OUTPUT_OPTION, printAs, type Shown, table, text } from '../output.ts'
import { MESH_OPTION, TARGET_OPTIONS, withSession } from '../target.ts'
import type { World } from '../world.ts'

export function outboundsCommand(world: World): CommandNode {
  return command({
    name: 'outbounds',
    doc: 'show the local ports of a data plane, their destinations and how to call them',
    arguments: {
      dataplane: { value: 'DATAPLANE', doc: 'without it those of all of the mesh', optional: true },
    },
    options: {
      ...TARGET_OPTIONS,
      ...MESH_OPTION,
      ...OUTPUT_OPTION,
      env: { type: 'switch', doc: 'Print an EnvironmentFile for systemd: NAME_URL, NAME_HOST, NAME_PORT.' },
      targets: { type: 'switch', doc: 'Also the endpoints behind each.' },
    },
    notes:
      'In a unit: EnvironmentFile=/etc/myapp.env, made by vmeshctl outbounds web-1 --env > /etc/myapp.env',
    run: async ({ options, args }) =>
      await withSession(options, world, async ({ client, mesh }) => {
        const names =
          args.dataplane === undefined
            ? (await listAll(client, ['meshes', mesh, 'dataplanes'])).map(item => text(item['name']))
            : [args.dataplane]
        if (options.env && names.length !== 1)
          throw usageError(
            `say which data plane the environment is of: ${names.join(', ') || 'there is none'}`,
          )
        const items: Shown[] = []
        for (const dataplane of names) {
          const found = await listAll(client, ['meshes', mesh, 'dataplanes', dataplane, '_outbounds'])
          items.push(...found.map(item => ({ dataplane, ...item })))
        }
        if (options.env) world.out(environmentOf(items))
        else
          await printAs(
            options.output,
            { items, total: items.length },
            () => outboundTable(items, options.targets, Date.now()),
            world,
          )
        return EXIT.ok
      }),
  })
}

function outboundTable(items: readonly Shown[], withTargets: boolean, nowMs: number): string {
  const rows = items.flatMap(item => {
    const own = [
      text(item['dataplane']),
      addressOf(item),
      text(item['protocol']),
      destinationOf(item),
      `${Number(at(item, 'endpoints', 'healthy') ?? 0)}/${Number(at(item, 'endpoints', 'total') ?? 0)}`,
      callOf(item),
    ]
    const targets = list(item['targets']).map(target => [
      '',
      '',
      '',
      `  ${text(at(target, 'dataplane'))}${clusterOf(target)}`,
      at(target, 'healthy') === true ? 'healthy' : whyNotHealthy(target, nowMs),
      `${text(at(target, 'address'))}:${String(at(target, 'port'))}`,
    ])
    return withTargets ? [own, ...targets] : [own]
  })
  return table(['DATAPLANE', 'ADDRESS', 'PROTOCOL', 'DESTINATION', 'HEALTHY', 'CALL'], rows)
}

/** Where a route leads away from the destination. */
function clusterOf(target: unknown): string {
  const cluster = text(at(target, 'cluster'))
  return cluster === '' ? '' : ` (${cluster})`
}

/** What its data plane says against it. */
function whyNotHealthy(target: unknown, nowMs: number): string {
  const marks = list(at(target, 'marks')).map(
    mark => `${text(at(mark, 'cause'))} for ${age(at(mark, 'since'), nowMs)}: ${text(at(mark, 'reason'))}`,
  )
  return marks.length === 0 ? 'not healthy' : marks.join('; ')
}

/** `API_URL=http://127.0.0.1:10001`: values need no quotes, for both systemd and shells. */
function environmentOf(items: readonly Shown[]): string {
  const used = new Map<string, number>()
  return items
    .map(item => {
      const word = (text(item['name']) || destinationOf(item)).toUpperCase().replace(/[^A-Z0-9]+/g, '_')
      const name = /^[0-9]/.test(word) ? `_${word}` : word
      const count = (used.get(name) ?? 0) + 1
      used.set(name, count)
      const unique = count === 1 ? name : `${name}_${count}`
      const [host, port] = [text(item['address']), String(item['port'])]
      return `# ${destinationOf(item)}\n${unique}_HOST=${host}\n${unique}_PORT=${port}\n${unique}_URL=${urlOf(item)}\n`
    })
    .join('')
}

function addressOf(item: Shown): string {
  const address = text(item['address'])
  return `${address.includes(':') ? `[${address}]` : address}:${String(item['port'])}`
}

function destinationOf(item: Shown): string {
  const destination = item['destination']
  const port = at(destination, 'port')
  return (
    text(at(destination, 'service')) ||
    `${text(at(destination, 'kind'))} ${text(at(destination, 'name'))}${port === undefined ? '' : `:${String(port)}`}`
  )
}

const SCHEMES: Readonly<Record<string, string>> = { http: 'http', http2: 'http', grpc: 'http' }

function urlOf(item: Shown): string {
  const scheme = SCHEMES[text(item['protocol'])] ?? 'tcp'
  return `${scheme}://${addressOf(item)}`
}

/** To be pasted. */
function callOf(item: Shown): string {
  const protocol = text(item['protocol'])
  if (protocol === 'http') return `curl ${urlOf(item)}/`
  if (protocol === 'http2' || protocol === 'grpc') return `curl --http2-prior-knowledge ${urlOf(item)}/`
  return `curl -v telnet://${addressOf(item)}`
}
