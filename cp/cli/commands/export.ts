/** `vmeshctl export`: resources of all meshes as YAML that another control plane takes (kuma-api 2.4, 2.6). */
import { type CommandNode, command } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { stringifyYaml } from '#base/yaml.ts'
import { NO_INITIAL_POLICIES } from '../apply/as-sent.ts'
import { failed } from '../errors.ts'
import { listAll } from '../lists.ts'
import { at, list, type Shown, text } from '../output.ts'
import { TARGET_OPTIONS, withSession } from '../target.ts'
import type { World } from '../world.ts'

const PROFILES = ['federation', 'federation-with-policies', 'all', 'no-dataplanes'] as const
type Profile = (typeof PROFILES)[number]

export function exportCommand(world: World): CommandNode {
  return command({
    name: 'export',
    doc: 'write resources of all meshes as YAML',
    options: {
      ...TARGET_OPTIONS,
      profile: {
        type: 'text',
        value: 'PROFILE',
        short: 'p',
        default: 'federation',
        choices: PROFILES,
        doc: 'federation: what a global control plane takes over; federation-with-policies: also policies; all; no-dataplanes: all without Dataplanes.',
      },
      format: {
        type: 'text',
        value: 'FORMAT',
        default: 'universal',
        choices: ['universal', 'kubernetes'],
        doc: 'universal.',
      },
      includeAdmin: { type: 'switch', short: 'a', doc: 'Also secrets, in clear.' },
    },
    notes: 'To take it in: vmeshctl apply -f FILE. With secrets, the file is one.',
    run: async ({ options }) => {
      if (options.format === 'kubernetes')
        throw failed('there are no Kubernetes manifests of vmesh; export universal')
      return await withSession(options, world, async ({ client }) => {
        const root = await client.json('GET', [''])
        const facts = [
          ['Product', 'product'],
          ['Version', 'version'],
          ['Hostname', 'hostname'],
          ['ClusterId', 'clusterId'],
          ['InstanceId', 'instanceId'],
        ].map(([title, key = '']) => `${title}: ${text(at(root, key))}`)
        world.out(`# ${facts.join(', ')}\n`)
        const kinds = list(at(await client.json('GET', ['_resources']), 'resources'))
        const wanted = kinds.filter(kind => isWanted(kind, options.profile, options.includeAdmin))
        // what is in a mesh needs it
        const first = (kind: unknown): number => (at(kind, 'name') === 'Mesh' ? 0 : 1)
        let isFirst = true
        for (const kind of wanted.toSorted((a, b) => first(a) - first(b))) {
          for (const item of await listAll(client, [text(at(kind, 'path'))])) {
            world.out(`${isFirst ? '' : '---\n'}${stringifyYaml(portable(item))}`)
            isFirst = false
          }
        }
        const hidden = kinds.filter(isAdminOnly).map(kind => text(at(kind, 'name')))
        if (!options.includeAdmin && hidden.length > 0)
          world.err(`left out: ${hidden.join(', ')}; --include-admin writes them too\n`)
        return EXIT.ok
      })
    },
  })
}

function isWanted(kind: unknown, profile: Profile, includeAdmin: boolean): boolean {
  if (at(kind, 'readOnly') === true || (isAdminOnly(kind) && !includeAdmin)) return false
  const isPolicy = at(kind, 'policy') !== undefined && at(kind, 'policy') !== null
  const isFederated = at(kind, 'includeInFederation') === true
  switch (profile) {
    case 'all':
      return true
    case 'no-dataplanes':
      return at(kind, 'name') !== 'Dataplane'
    case 'federation-with-policies':
      return isFederated || isPolicy
    case 'federation':
      return isFederated && !isPolicy
  }
}

function isAdminOnly(kind: unknown): boolean {
  return ['Secret', 'GlobalSecret'].includes(text(at(kind, 'name')))
}

const ADDED = ['creationTime', 'modificationTime', 'kri', 'snis', 'status']

/** Without what the control plane adds; its default policies are in the file themselves. */
function portable(item: Shown): Shown {
  const rest = Object.fromEntries(Object.entries(item).filter(([key]) => !ADDED.includes(key)))
  return rest['type'] === 'Mesh' ? { ...rest, ...NO_INITIAL_POLICIES } : rest
}
