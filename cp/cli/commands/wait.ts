/** `vmeshctl wait`: until a write is applied, a data plane is online or ready, or a resource is gone; for scripts. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import type { Named } from '../../kinds/names/kind-name.ts'
import { healthOf } from '../../kinds/table/status.ts'
import { appliedBy, countText, pendingCode, pendingLines } from '../apply/wait-applied.ts'
import { versionOf } from '../client.ts'
import { failed } from '../errors.ts'
import { at, list, text } from '../output.ts'
import { getOne, KIND_ARGUMENT, kindNamed, labelOf, NAME_ARGUMENT, segmentsOf } from '../resources.ts'
import { durationOf, MESH_OPTION, type Session, TARGET_OPTIONS, withSession } from '../target.ts'
import type { World } from '../world.ts'

/** Between two questions. */
const POLL_MS = 300

/** What one look found: null means it is so; else why not yet, or why never. */
type Look = () => Promise<Reason | null>

interface Reason {
  readonly why: string
  /** Waiting does not help. */
  readonly isFinal?: true
}

export function waitCommand(world: World): CommandNode {
  return command({
    name: 'wait',
    doc: 'wait until something is so',
    arguments: { kind: KIND_ARGUMENT, name: NAME_ARGUMENT },
    options: {
      ...TARGET_OPTIONS,
      ...MESH_OPTION,
      for: {
        type: 'text',
        value: 'STATE',
        required: true,
        choices: ['applied', 'online', 'ready', 'deleted'],
        doc: 'applied: every data plane whose configuration the last write of the resource changed runs it, as with apply --wait; of a data plane: it runs its newest version; online: a data plane is connected; ready: also current, and no inbound is known not to be ready, by its Dataplane or by its serviceProbe; deleted: it is gone.',
      },
      timeout: { type: 'text', value: 'TIME', default: '30s', doc: 'At most so long; then exit code 75.' },
    },
    run: async ({ options, args }) => {
      const kind = kindNamed(args.kind)
      const { for: state } = options
      const isDataplane = kind.type === 'Dataplane'
      if ((state === 'online' || state === 'ready') && !isDataplane)
        throw usageError(`only data planes are ${state}; a ${kind.singular} can be applied or deleted`)
      const untilMs = world.nowMs() + durationOf(options.timeout, '--timeout')
      return await withSession(options, world, async session => {
        const label = labelOf(kind, session.mesh, args.name)
        if (state === 'applied' && !isDataplane)
          return await waitForWrite(session, kind, args.name, untilMs, world)
        const look =
          state === 'deleted'
            ? goneLook(session, kind, args.name)
            : statusLook(session, kind, args.name, state)
        const calm = world.atInterrupt('only the waiting has ended')
        const reason = await poll(look, () => untilMs - world.nowMs())
        calm()
        if (reason === null) {
          world.out(`${label} is ${state}\n`)
          return EXIT.ok
        }
        const { why, isFinal = false } = reason
        world.err(`${label} is not ${state}${isFinal ? '' : ` after ${options.timeout}`}: ${why}\n`)
        return isFinal ? EXIT.failed : EXIT.temporary
      })
    },
  })
}

/** The last reason; null when it came to be. */
async function poll(look: Look, leftMs: () => number): Promise<Reason | null> {
  for (;;) {
    const reason = await look()
    const left = leftMs()
    if (reason === null || reason.isFinal === true || left <= 0) return reason
    await sleep(Math.min(POLL_MS, left))
  }
}

function goneLook({ client, mesh }: Session, kind: Named, name: string): Look {
  return async () =>
    (await client.jsonIfThere(segmentsOf(kind, mesh, name))) === null ? null : { why: 'it is still there' }
}

function statusLook(
  { client, mesh }: Session,
  kind: Named,
  name: string,
  state: 'applied' | 'online' | 'ready',
): Look {
  return async () => {
    const status = await client.jsonIfThere([...segmentsOf(kind, mesh, name), '_status'])
    if (status === null) return { why: 'there is no such data plane yet' }
    const connection = text(at(status, 'connection', 'state')) || 'never'
    const isCurrent = at(status, 'snapshot', 'isCurrent') === true
    const connectionText =
      connection === 'never' ? 'it was never connected' : `its connection is ${connection}`
    if (state !== 'applied' && connection !== 'online') return { why: connectionText }
    const refusal = at(status, 'snapshot', 'refusal')
    const [wanted, applied] = ['wanted', 'applied'].map(key => text(at(status, 'snapshot', key)) || 'none')
    // of an older version it is no end: a newer one is on its way
    if (state !== 'online' && connection === 'online' && text(at(refusal, 'version')) === wanted) {
      const faults = list(at(refusal, 'violations')).map(one =>
        faultText(text(at(one, 'path')), text(at(one, 'message'))),
      )
      return {
        why: `it refuses version ${wanted}: ${faults.join('; ')}`,
        isFinal: true,
      }
    }
    if (state !== 'online' && !isCurrent) {
      const why = `it has version ${applied} and is to have ${wanted}`
      return { why: connection === 'online' ? why : `${connectionText}, and it has version ${applied}` }
    }
    const { ready, notProbed, total } = healthOf(status)
    const down = total - ready - notProbed
    return state === 'ready' && down > 0 ? { why: `${down} of ${total} inbounds are not ready` } : null
  }
}

function faultText(path: string, message: string): string {
  return path === '' ? message : `${path}: ${message}`
}

async function waitForWrite(
  { client, mesh }: Session,
  kind: Named,
  name: string,
  untilMs: number,
  world: World,
): Promise<number> {
  const ofMesh = kind.type === 'Mesh' ? name : mesh
  if (kind.scope !== 'Mesh' && kind.type !== 'Mesh')
    throw usageError(`a ${kind.singular} is in no mesh; ask for what is in one, or for a mesh`)
  const { etag } = await getOne(client, kind, mesh, name)
  if (etag === '') throw failed(`the control plane at ${client.address} does not tell versions`)
  const label = labelOf(kind, mesh, name)
  const calm = world.atInterrupt(`${label} is stored; only the waiting has ended`)
  const all = [await appliedBy(client, { mesh: ofMesh, version: versionOf(etag) }, untilMs, world)]
  calm()
  const code = pendingCode(all)
  if (code === EXIT.ok) world.out(`${label} is applied: ${countText(all)}\n`)
  else world.err(`${label}: ${countText(all)}\n${pendingLines(all).join('\n')}\n`)
  return code
}
