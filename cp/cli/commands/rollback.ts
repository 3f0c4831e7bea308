/** `vmeshctl rollback`: writes an earlier revision of a resource again, or brings back one that was deleted. */
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { affectedText } from '../apply/affected.ts'
import { requireDryRuns } from '../apply/put.ts'
import { tellIn, WAIT_OPTION, WrittenCommits, waitApplied } from '../apply/wait-applied.ts'
import { type ApiClient, versionOf } from '../client.ts'
import { failed, readProblem, refused } from '../errors.ts'
import { isShown, listAll } from '../lists.ts'
import { age, at, list } from '../output.ts'
import { KIND_ARGUMENT, kindNamed, labelOf, NAME_ARGUMENT, segmentsOf } from '../resources.ts'
import { afterChanges, coloured, resourceDiff } from '../show/changes.ts'
import { durationOf, MESH_OPTION, TARGET_OPTIONS, withSession } from '../target.ts'
import type { World } from '../world.ts'

export function rollbackCommand(world: World): CommandNode {
  return command({
    name: 'rollback',
    doc: 'write an earlier revision of a resource again',
    arguments: { kind: KIND_ARGUMENT, name: NAME_ARGUMENT },
    options: {
      ...TARGET_OPTIONS,
      ...MESH_OPTION,
      revision: {
        type: 'text',
        value: 'N',
        doc: 'Which; vmeshctl history lists them. Without it: the one before the newest.',
      },
      dryRun: { type: 'switch', doc: 'Write nothing; show what would change, and for which data planes.' },
      ...WAIT_OPTION,
      acceptUnenforced: { type: 'switch', doc: 'As with apply.' },
    },
    run: async ({ options, args }) => {
      const kind = kindNamed(args.kind)
      if (options.revision !== undefined && !/^\d+$/.test(options.revision))
        throw usageError(`--revision ${options.revision} is not a whole number`)
      const waitMs = options.wait === undefined ? null : durationOf(options.wait, '--wait')
      return await withSession(options, world, async ({ client, mesh }) => {
        if (options.dryRun) await requireDryRuns(client)
        const segments = segmentsOf(kind, mesh, args.name)
        const label = labelOf(kind, mesh, args.name)
        const { revision, note } =
          options.revision === undefined
            ? await oneBack(client, segments, label, world.nowMs())
            : { revision: options.revision, note: '' }
        const before = options.dryRun ? await client.jsonIfThere(segments) : null
        const answer = await client.send('POST', [...segments, 'rollback'], {
          query: {
            revision,
            ...(options.dryRun ? { dryRun: 'true' } : {}),
            ...(options.acceptUnenforced ? { acceptUnenforced: 'true' } : {}),
          },
        })
        if (answer.status >= 400) throw refused(readProblem(answer.status, answer.text), mesh)
        const body = client.parse(answer)
        const warnings = options.quiet ? [] : list(at(body, 'warnings'))
        for (const warning of warnings) world.err(`warning: ${String(warning)}\n`)
        if (options.dryRun) {
          const stored = isShown(before) ? before : null
          const after = afterChanges(stored, at(body, 'changes'))
          if (options.revision === undefined)
            world.out(`${label} would be as in revision ${revision} again${note}\n`)
          world.out(coloured(resourceDiff(kind, label, stored, after), world))
          world.out(affectedText(at(body, 'affected')))
          return EXIT.ok
        }
        world.out(`${label} is as in revision ${revision} again${note}\n`)
        if (waitMs === null) return EXIT.ok
        const commits = new WrittenCommits()
        commits.add(
          kind.type === 'Mesh' ? args.name : kind.scope === 'Mesh' ? mesh : '',
          versionOf(answer.etag),
        )
        return await waitApplied(client, commits, waitMs, tellIn(world), world)
      })
    },
  })
}

/** The newest revision but one that is no deletion. Throws `cli.failed` where there is none. */
async function oneBack(
  client: ApiClient,
  segments: readonly string[],
  label: string,
  nowMs: number,
): Promise<{ readonly revision: string; readonly note: string }> {
  const [newest, ...older] = await listAll(client, [...segments, 'history'])
  const earlier = older.find(item => item['action'] !== 'deleted')
  if (newest === undefined || earlier === undefined)
    throw failed(`there is no earlier revision of ${label}; vmeshctl history lists what there is`)
  const { revision, author, time } = earlier
  return {
    revision: String(revision),
    note: `, which ${author} wrote ${age(time, nowMs)} ago; the newest was ${newest['revision']}`,
  }
}
