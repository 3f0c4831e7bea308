/** `vmeshctl delete`: removes one resource. */
import { type CommandNode, command } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { deletionText } from '../apply/affected.ts'
import { requireDryRuns } from '../apply/put.ts'
import { cannotTell, tellIn, WAIT_OPTION, WrittenCommits, waitApplied } from '../apply/wait-applied.ts'
import { failed, isMeshMissing, readProblem, refused } from '../errors.ts'
import { at, list, text } from '../output.ts'
import { KIND_ARGUMENT, kindNamed, labelOf, NAME_ARGUMENT, segmentsOf } from '../resources.ts'
import { durationOf, MESH_OPTION, TARGET_OPTIONS, withSession } from '../target.ts'
import { Warnings } from '../warnings.ts'
import type { World } from '../world.ts'

export function deleteCommand(world: World): CommandNode {
  return command({
    name: 'delete',
    doc: 'delete a resource',
    arguments: { kind: KIND_ARGUMENT, name: NAME_ARGUMENT },
    options: {
      ...TARGET_OPTIONS,
      ...MESH_OPTION,
      dryRun: {
        type: 'switch',
        doc: 'Delete nothing; name the data planes that would change, and whose tokens or roles would end.',
      },
      ...WAIT_OPTION,
    },
    run: async ({ options, args }) => {
      const kind = kindNamed(args.kind)
      const waitMs = options.wait === undefined ? null : durationOf(options.wait, '--wait')
      return await withSession(options, world, async ({ client, mesh }) => {
        if (options.dryRun) await requireDryRuns(client)
        // the answer tells the version to wait for
        const waiting: Record<string, string> = waitMs === null ? {} : { wait: 'applied', timeout: '0s' }
        const query = options.dryRun ? { dryRun: 'true' } : waiting
        const answer = await client.send('DELETE', segmentsOf(kind, mesh, args.name), { query })
        const problem = answer.status >= 400 ? readProblem(answer.status, answer.text) : null
        if (problem?.status === 404 && problem.detail === 'Not found' && !isMeshMissing(problem))
          throw failed(`there is no ${kind.type} with name ${JSON.stringify(args.name)}`)
        if (problem !== null) throw refused(problem, mesh)
        const done = `${kind.type} ${JSON.stringify(args.name)}`
        if (options.dryRun) {
          world.out(`would delete ${done}\n${deletionText(client.parse(answer))}`)
          return EXIT.ok
        }
        world.out(`deleted ${done}\n`)
        const warnings = new Warnings()
        for (const warning of list(at(client.parse(answer), 'warnings')))
          warnings.add(labelOf(kind, mesh, args.name), String(warning))
        warnings.say(world, options.quiet)
        if (waitMs === null) return EXIT.ok
        const version = text(at(client.parse(answer), 'applied', 'version'))
        if (version === '') throw cannotTell(client)
        const commits = new WrittenCommits()
        commits.add(kind.scope === 'Mesh' ? mesh : '', version)
        return await waitApplied(client, commits, waitMs, tellIn(world), world)
      })
    },
  })
}
