/** Tokens, made by the control plane or signed here with `--signing-key-path`, and printed for a file. */
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { goDurationMs } from '#base/duration.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { readProblem, refused } from '../../errors.ts'
import { MESH_OPTION, meshOf, TARGET_OPTIONS, type TargetOptions, withSession } from '../../target.ts'
import { listedPairs } from '../../words.ts'
import type { World } from '../../world.ts'
import { signToken } from './signed.ts'

const COMMON = {
  ...TARGET_OPTIONS,
  validFor: {
    type: 'text',
    value: 'DURATION',
    required: true,
    doc: 'How long it is accepted, such as 720h.',
  },
  signingKeyPath: {
    type: 'text',
    value: 'FILE',
    doc: 'Sign here with this private key (PEM), without a control plane.',
  },
  kid: { type: 'text', value: 'ID', doc: 'Serial of that key, as the control plane knows it.' },
} as const

export function dataplaneTokenCommand(world: World): CommandNode {
  return command({
    name: 'dataplane-token',
    doc: 'a token that lets data planes into a mesh',
    notes: 'Without --name and --tag the token fits every data plane of the mesh: bind it where you can.',
    options: {
      ...COMMON,
      ...MESH_OPTION,
      name: { type: 'text', value: 'NAME', doc: 'Only for the data plane of this name.' },
      tag: {
        type: 'list',
        value: 'KEY=VALUE',
        doc: 'Only for data planes with this tag, such as kuma.io/service=web. Repeatable; values of one key add up.',
      },
      proxyType: {
        type: 'text',
        value: 'TYPE',
        default: 'dataplane',
        choices: ['dataplane', 'ingress', 'egress'],
        doc: 'Of which proxies; carried and not checked.',
      },
      workload: { type: 'text', value: 'NAME', doc: 'Only for data planes of this workload.' },
    },
    run: async ({ options }) => {
      const tags = tagsOf(options.tag)
      const mesh = await meshOf(options, world)
      const { name = '', proxyType: type, workload } = options
      return await printToken(options, world, {
        path: 'dataplane',
        body: { name, mesh, tags, type, ...(workload === undefined ? {} : { workload }) },
        claims: { Name: name, Mesh: mesh, Tags: tags, Type: type, Workload: workload ?? '' },
      })
    },
  })
}

/** The scopes that there are without Kong's. */
const SCOPES = ['ingress', 'egress']

export function zoneTokenCommand(world: World): CommandNode {
  return command({
    name: 'zone-token',
    doc: 'a token for the ingress and egress of a zone',
    options: {
      ...COMMON,
      zone: { type: 'text', value: 'ZONE', doc: 'Only for this zone.' },
      scope: {
        type: 'list',
        value: 'SCOPE',
        doc: 'ingress or egress; repeatable or with commas, default both.',
      },
    },
    run: async ({ options }) => {
      const given = options.scope.flatMap(one => one.split(','))
      const scope = given.length === 0 ? SCOPES : given
      const { zone = '' } = options
      return await printToken(options, world, {
        path: 'zone',
        body: { zone, scope },
        claims: { Zone: zone, Scope: scope },
      })
    },
  })
}

export function zoneIngressTokenCommand(world: World): CommandNode {
  return command({
    name: 'zone-ingress-token',
    doc: 'a token for the ingress of a zone, of before Kuma 2.7; now zone-token',
    options: { ...COMMON, zone: { type: 'text', value: 'ZONE', doc: 'Only for this zone.' } },
    run: async ({ options: { zone = '', ...options } }) =>
      await printToken(options, world, { path: 'zone-ingress', body: { zone }, claims: { Zone: zone } }),
  })
}

export function userTokenCommand(world: World): CommandNode {
  return command({
    name: 'user-token',
    doc: 'a token for a person or a program that uses the API',
    options: {
      ...COMMON,
      name: { type: 'text', value: 'NAME', required: true, doc: 'Of the user.' },
      group: {
        type: 'list',
        value: 'GROUP',
        doc: 'A group of the user, such as mesh-system:admin. Repeatable.',
      },
    },
    run: async ({ options }) => {
      const { name, group: groups } = options
      return await printToken(options, world, {
        path: 'user',
        body: { name, groups },
        claims: { Name: name, Groups: groups.length === 0 ? null : groups },
      })
    },
  })
}

type SigningOptions = TargetOptions & {
  readonly validFor: string
  readonly signingKeyPath: string | undefined
  readonly kid: string | undefined
}

interface Wanted {
  /** Below `/tokens/`. */
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
  /** The same for a token signed here (kuma-api 7.1). */
  readonly claims: Readonly<Record<string, unknown>>
}

async function printToken(options: SigningOptions, world: World, wanted: Wanted): Promise<number> {
  const { validFor, signingKeyPath, kid } = options
  const validForMs = goDurationMs(validFor)
  if (validForMs === null || validForMs <= 0) {
    throw usageError(
      `--valid-for ${validFor} is not a duration; give one in hours, minutes or seconds, such as 720h`,
    )
  }
  if (signingKeyPath !== undefined) {
    if (kid === undefined)
      throw usageError('--signing-key-path needs --kid, the serial of that key, such as 1')
    world.out(`${await signToken(wanted.claims, { path: signingKeyPath, kid }, validForMs, world.nowMs())}\n`)
    return EXIT.ok
  }
  if (kid !== undefined) throw usageError('--kid goes with --signing-key-path')
  const target: TargetOptions = options
  return await withSession(target, world, async ({ client }) => {
    const body = { ...wanted.body, validFor }
    const answer = await client.send('POST', ['tokens', wanted.path], { body })
    if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text))
    world.out(`${answer.text.trim()}\n`)
    return EXIT.ok
  })
}

/** Several values of a key: the data plane may have any of them. */
function tagsOf(pairs: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const tags: Record<string, string[]> = {}
  for (const [key, value] of listedPairs(pairs, '--tag')) tags[key] = [...(tags[key] ?? []), value]
  return tags
}
