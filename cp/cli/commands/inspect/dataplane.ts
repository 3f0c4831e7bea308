/** `inspect dataplane NAME`: which policies it has, or what its proxy runs. */
import { type CommandNode, command } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { at, json, list, text } from '../../output.ts'
import { MESH_OPTION, TARGET_OPTIONS, withSession } from '../../target.ts'
import type { World } from '../../world.ts'
import { printDump } from './dump.ts'
import { whyText } from './why.ts'

export function dataplaneCommand(world: World): CommandNode {
  return command({
    name: 'dataplane',
    doc: 'policies, configuration and counters of one data plane',
    arguments: { name: { value: 'NAME', doc: 'which' } },
    options: {
      ...TARGET_OPTIONS,
      ...MESH_OPTION,
      type: {
        type: 'text',
        value: 'TYPE',
        default: 'policies',
        choices: ['policies', 'config-dump', 'stats', 'clusters', 'config'],
        doc: 'What of it.',
      },
      why: {
        type: 'switch',
        doc: 'Which policy, and which of its items, set each value that it runs with.',
      },
      shadow: {
        type: 'switch',
        doc: 'With --type=config: as if policies with kuma.io/effect: shadow were in force.',
      },
      include: { type: 'list', value: 'WHAT', doc: 'With --type=config: diff, the changes by --shadow.' },
      output: {
        type: 'text',
        value: 'FORMAT',
        short: 'o',
        default: 'table',
        choices: ['table', 'json'],
        doc: 'With --type=policies or --why: table or json.',
      },
    },
    run: async ({ options, args }) =>
      await withSession(options, world, async ({ client, mesh }) => {
        const { type, shadow, include } = options
        const segments = ['meshes', mesh, 'dataplanes', args.name]
        if (options.why) {
          const body = await client.json('GET', [...segments, '_why'])
          world.out(options.output === 'json' ? json(body) : whyText(body))
        } else if (type === 'policies') {
          const body = await client.json('GET', [...segments, 'policies'])
          if (options.output === 'json') world.out(json(body))
          else {
            // loaded here: the other commands of `inspect` need no kinds
            const { kindByType } = await import('../../../kinds/registry.ts')
            const isIdle = (type: string): boolean => (kindByType(type)?.notEnforced ?? null) !== null
            world.out(marked(policiesText(body), isIdle))
          }
        } else {
          const asked = {
            ...(shadow ? { shadow: 'true' } : {}),
            ...(include.length > 0 ? { include: include.join(',') } : {}),
          }
          await printDump(client, segments, type, world, type === 'config' ? asked : {})
        }
        return EXIT.ok
      }),
  })
}

function policiesText(body: unknown): string {
  if (at(body, 'kind') === 'MeshGatewayDataplane') return gatewayText(body)
  return list(at(body, 'items'))
    .map(item => `${headingOf(item)}:\n${typesText(at(item, 'matchedPolicies'), '  ')}\n`)
    .join('')
}

/** `DATAPLANE`, `SERVICE web`, `INBOUND 127.0.0.1:80:8080(web)`. */
function headingOf(item: unknown): string {
  return attachmentText(item).replace(/^\S+/, word => word.toUpperCase())
}

/** `inbound 127.0.0.1:80:8080(web)`, as kumactl writes it. */
export function attachmentText(item: unknown): string {
  const [type, name, service] = ['type', 'name', 'service'].map(key => text(at(item, key)))
  if (type === 'dataplane') return type
  return type === 'service' ? `${type} ${name}` : `${type} ${name}(${service})`
}

/** Each type, and below it the names; a policy of a gateway comes alone. */
function typesText(policies: unknown, indent: string): string {
  return Object.entries(policies ?? {})
    .map(([type, found]) => {
      const names = [found].flat().map(one => `${indent}  ${text(at(one, 'name'))}\n`)
      return `${indent}${type}\n${names.join('')}`
    })
    .join('')
}

/** Types of policies that are matched and do nothing yet must not look as if they acted. */
function marked(lines: string, isIdle: (type: string) => boolean): string {
  return lines.replace(/^ *([A-Za-z]+)$/gm, (line, type: string) =>
    isIdle(type) ? `${line} (not enforced yet)` : line,
  )
}

function gatewayText(body: unknown): string {
  const listeners = list(at(body, 'listeners')).map(listener => {
    const hosts = list(at(listener, 'hosts')).map(host => {
      const routes = list(at(host, 'routes')).map(route => {
        const services = list(at(route, 'destinations')).map(
          destination =>
            `      SERVICE ${text(at(destination, 'tags', 'kuma.io/service'))}:\n${typesText(at(destination, 'policies'), '        ')}`,
        )
        return `    ROUTE ${text(at(route, 'route'))}:\n${services.join('')}`
      })
      return `  ${text(at(host, 'hostName'))}:\n${routes.join('')}`
    })
    return `LISTENER (${text(at(listener, 'protocol'))}:${String(at(listener, 'port'))}):\n${hosts.join('')}\n`
  })
  return `MESHGATEWAY:\n${typesText(at(body, 'policies'), '  ')}\n${listeners.join('')}`
}
