/** `vmeshctl config`: which control planes there are, how they are called, and which is current (kuma-api 2.3). */
import { type CommandNode, command, group, usageError } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { ApiClient } from '../client.ts'
import {
  builtinContexts,
  type Contexts,
  type ControlPlaneEntry,
  contextOf,
  readContexts,
  toFile,
  writeContexts,
} from '../contexts.ts'
import { failed, misconfigured, readProblem, refused } from '../errors.ts'
import { at, table, text, yaml } from '../output.ts'
import { configFileOf, readToken, TARGET_OPTIONS, type TargetOptions, targetOf } from '../target.ts'
import { pairsOf } from '../words.ts'
import type { World } from '../world.ts'

const FILE_OPTION = { configFile: TARGET_OPTIONS.configFile, noConfig: TARGET_OPTIONS.noConfig } as const

const ADD_OPTIONS = {
  ...TARGET_OPTIONS,
  name: { type: 'text', value: 'NAME', required: true, doc: 'How it is called here.' },
  overwrite: { type: 'switch', doc: 'Replace one of that name.' },
  authType: {
    type: 'text',
    value: 'TYPE',
    choices: ['tokens'],
    default: 'tokens',
    doc: 'How requests say who asks.',
  },
  authConf: { type: 'list', value: 'KEY=VALUE', doc: 'token=TOKEN; --token-file is safer.' },
  headers: { type: 'list', value: 'KEY=VALUE', doc: 'Sent with every request. Repeatable.' },
  defaultMesh: { type: 'text', value: 'MESH', doc: 'Mesh of commands that name none.' },
  skipCheck: { type: 'switch', doc: 'Do not call it now.' },
} as const

export function configCommand(world: World): CommandNode {
  return group({
    name: 'config',
    doc: 'which control planes there are',
    commands: [
      group({
        name: 'control-planes',
        doc: 'add, list, switch, remove',
        commands: [addCommand(world), listCommand(world), switchCommand(world), removeCommand(world)],
      }),
      viewCommand(world),
    ],
  })
}

function addCommand(world: World): CommandNode {
  return command({
    name: 'add',
    doc: 'add a control plane and make it the current one',
    options: ADD_OPTIONS,
    run: async ({ options }) => {
      if (options.address === undefined)
        throw usageError('give its --address, such as https://cp.example.com:5682')
      if ((options.clientCertFile === undefined) !== (options.clientKeyFile === undefined)) {
        throw usageError('--client-cert-file and --client-key-file belong together')
      }
      const path = writableFile(options, world)
      const contexts = await readContexts(path, false)
      const { name } = options
      if (!options.overwrite && contexts.contexts.some(one => one.name === name)) {
        throw failed(`control plane ${JSON.stringify(name)} exists already; replace it with --overwrite`)
      }
      const fromFile = options.tokenFile === undefined ? null : await readToken(options.tokenFile)
      const entry: ControlPlaneEntry = {
        name,
        url: options.address,
        caCertFile: options.caCertFile ?? null,
        clientCertFile: options.clientCertFile ?? null,
        clientKeyFile: options.clientKeyFile ?? null,
        token: fromFile ?? pairsOf(options.authConf, '--auth-conf')['token'] ?? null,
        skipVerify: options.skipVerify,
        headers: pairsOf(options.headers, '--headers'),
      }
      const target = await targetOf(entry, options, world)
      if (!options.skipCheck) await greet(target)
      await writeContexts(path, {
        controlPlanes: [...contexts.controlPlanes.filter(one => one.name !== name), entry],
        contexts: [
          ...contexts.contexts.filter(one => one.name !== name),
          { name, controlPlane: name, mesh: options.defaultMesh ?? null },
        ],
        current: name,
      })
      world.out(
        `added control plane ${JSON.stringify(name)}\nswitched to control plane ${JSON.stringify(name)}\n`,
      )
      return EXIT.ok
    },
  })
}

/** Is it a control plane, and does it take our token? The first question bears no token. */
async function greet(target: ConstructorParameters<typeof ApiClient>[0]): Promise<void> {
  const anonymous = new ApiClient({ ...target, token: null })
  const client = new ApiClient(target)
  try {
    const root = await anonymous.json('GET', [''])
    if (text(at(root, 'version')) === '') {
      throw misconfigured(
        `${target.url} answers, but it is no control plane; give the address of its HTTP API (ports 5681 and 5682), or --skip-check`,
      )
    }
    if (target.token === null) return
    const answer = await client.send('GET', ['meshes'], { query: { size: '1' } })
    if (answer.status === 401) throw refused(readProblem(401, answer.text))
  } finally {
    await anonymous.close()
    await client.close()
  }
}

type FileOptions = Pick<TargetOptions, 'configFile' | 'noConfig'>

async function contextsOf(options: FileOptions, world: World): Promise<Contexts> {
  const path = configFileOf(options, world)
  return path === null ? builtinContexts() : await readContexts(path, options.configFile !== undefined)
}

function writableFile(options: FileOptions, world: World): string {
  const path = configFileOf(options, world)
  if (path !== null) return path
  throw usageError('--no-config leaves nothing to change; give a --config-file')
}

function listCommand(world: World): CommandNode {
  return command({
    name: 'list',
    doc: 'list control planes',
    options: FILE_OPTION,
    run: async ({ options }) => {
      const contexts = await contextsOf(options, world)
      const rows = contexts.contexts.map(one => [
        one.name === contexts.current ? '*' : '',
        one.name,
        contexts.controlPlanes.find(entry => entry.name === one.controlPlane)?.url ?? '(not configured)',
      ])
      world.out(table(['ACTIVE', 'NAME', 'ADDRESS'], rows))
      return EXIT.ok
    },
  })
}

const WHICH = { name: { type: 'text', value: 'NAME', required: true, doc: 'Which.' } } as const

function switchCommand(world: World): CommandNode {
  return command({
    name: 'switch',
    doc: 'make another control plane the current one',
    options: { ...FILE_OPTION, ...WHICH },
    run: async ({ options }) => {
      const path = writableFile(options, world)
      const contexts = await readContexts(path, options.configFile !== undefined)
      const { name } = contextOf(contexts, options.name)
      await writeContexts(path, { ...contexts, current: name })
      world.out(`switched to control plane ${JSON.stringify(name)}\n`)
      return EXIT.ok
    },
  })
}

function removeCommand(world: World): CommandNode {
  return command({
    name: 'remove',
    doc: 'forget a control plane',
    options: { ...FILE_OPTION, ...WHICH },
    run: async ({ options }) => {
      const path = writableFile(options, world)
      const contexts = await readContexts(path, options.configFile !== undefined)
      const { name } = contextOf(contexts, options.name)
      const left = without(contexts, name)
      await writeContexts(path, left)
      world.out(`removed control plane ${JSON.stringify(name)}\n`)
      if (left.current !== contexts.current) {
        world.out(
          left.current === ''
            ? 'there is no control plane left\n'
            : `switched to control plane ${JSON.stringify(left.current)}\n`,
        )
      }
      return EXIT.ok
    },
  })
}

function without(contexts: Contexts, name: string): Contexts {
  const left = contexts.contexts.filter(one => one.name !== name)
  const used = new Set(left.map(one => one.controlPlane))
  return {
    controlPlanes: contexts.controlPlanes.filter(one => used.has(one.name)),
    contexts: left,
    current: contexts.current === name ? (left[0]?.name ?? '') : contexts.current,
  }
}

function viewCommand(world: World): CommandNode {
  return command({
    name: 'view',
    doc: 'show the configuration, tokens hidden',
    options: FILE_OPTION,
    run: async ({ options }) => {
      const contexts = await contextsOf(options, world)
      const hidden = contexts.controlPlanes.map(one => ({
        ...one,
        token: one.token === null ? null : '*****',
      }))
      world.out(await yaml(toFile({ ...contexts, controlPlanes: hidden })))
      return EXIT.ok
    },
  })
}
