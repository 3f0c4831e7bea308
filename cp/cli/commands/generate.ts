/** `vmeshctl generate`: tokens, made by the control plane (kuma-api 1.11) and printed for a file. */
import { type CommandNode, command, group, usageError } from '#base/command-line.ts'
import { goDurationMs } from '#base/duration.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import type { ApiClient } from '../client.ts'
import { readProblem, refused } from '../errors.ts'
import { MESH_OPTION, TARGET_OPTIONS, type TargetOptions, withSession } from '../target.ts'
import type { World } from '../world.ts'

const VALID_FOR = {
  validFor: {
    type: 'text',
    value: 'DURATION',
    required: true,
    doc: 'How long it is accepted, such as 720h.',
  },
} as const

export function generateCommand(world: World): CommandNode {
  return group({ name: 'generate', doc: 'make tokens', commands: [dataplaneToken(world), userToken(world)] })
}

function dataplaneToken(world: World): CommandNode {
  return command({
    name: 'dataplane-token',
    doc: 'a token that lets data planes into a mesh',
    notes: 'Without --name and --tag the token fits every data plane of the mesh: bind it where you can.',
    options: {
      ...TARGET_OPTIONS,
      ...MESH_OPTION,
      ...VALID_FOR,
      name: { type: 'text', value: 'NAME', doc: 'Only for the data plane of this name.' },
      tag: {
        type: 'list',
        value: 'KEY=VALUE',
        doc: 'Only for data planes with this tag, such as kuma.io/service=web. Repeatable; values of one key add up.',
      },
      proxyType: { type: 'text', value: 'TYPE', default: 'dataplane', doc: 'dataplane.' },
      workload: { type: 'text', value: 'NAME', doc: 'Only for data planes of this workload.' },
    },
    run: async ({ options }) => {
      const tags = tagsOf(options.tag)
      return await withSession(options, world, session =>
        printToken(session.client, ['tokens', 'dataplane'], world, {
          name: options.name ?? '',
          mesh: session.mesh,
          tags,
          type: options.proxyType,
          validFor: checkedDuration(options.validFor),
          ...(options.workload === undefined ? {} : { workload: options.workload }),
        }),
      )
    },
  })
}

function userToken(world: World): CommandNode {
  return command({
    name: 'user-token',
    doc: 'a token for a person or a program that uses the API',
    options: {
      ...TARGET_OPTIONS,
      ...VALID_FOR,
      name: { type: 'text', value: 'NAME', required: true, doc: 'Of the user.' },
      group: {
        type: 'list',
        value: 'GROUP',
        doc: 'A group of the user, such as mesh-system:admin. Repeatable.',
      },
    },
    run: async ({ options }) => {
      const target: TargetOptions = options
      return await withSession(target, world, session =>
        printToken(session.client, ['tokens', 'user'], world, {
          name: options.name,
          groups: options.group,
          validFor: checkedDuration(options.validFor),
        }),
      )
    },
  })
}

async function printToken(
  client: ApiClient,
  segments: readonly string[],
  world: World,
  body: unknown,
): Promise<number> {
  const answer = await client.send('POST', segments, { body })
  if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text))
  world.out(`${answer.text.trim()}\n`)
  return EXIT.ok
}

/** Several values of a key: the data plane may have any of them. */
function tagsOf(pairs: readonly string[]): Record<string, string[]> {
  const tags: Record<string, string[]> = {}
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    if (equals < 1) throw usageError(`--tag ${pair}: expected KEY=VALUE, such as kuma.io/service=web`)
    const key = pair.slice(0, equals)
    tags[key] = [...(tags[key] ?? []), pair.slice(equals + 1)]
  }
  return tags
}

function checkedDuration(text: string): string {
  const ms = goDurationMs(text)
  if (ms !== null && ms > 0) return text
  throw usageError(
    `--valid-for ${text} is not a duration; give one in hours, minutes or seconds, such as 720h`,
  )
}
