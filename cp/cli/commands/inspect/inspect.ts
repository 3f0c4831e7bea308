/** `vmeshctl inspect`: what is going on, in kumactl's tables (kuma-api 2.4, 2.6). */
import { type CommandNode, group } from '#base/command-line.ts'
import type { World } from '../../world.ts'
import { dataplaneCommand } from './dataplane.ts'
import { dataplanesCommand } from './dataplanes.ts'
import { meshGatewayCommand } from './mesh-gateway.ts'
import { meshesCommand } from './meshes.ts'
import { servicesCommand } from './services.ts'
import { zoneEgressCommand, zoneIngressCommand } from './zone-proxy.ts'
import { zoneEgressesCommand, zoneIngressesCommand, zonesCommand } from './zones.ts'

/** What is no policy. */
const OWN = [
  dataplanesCommand,
  dataplaneCommand,
  meshesCommand,
  servicesCommand,
  zonesCommand,
  zoneIngressesCommand,
  zoneIngressCommand,
  zoneEgressesCommand,
  zoneEgressCommand,
  meshGatewayCommand,
]

/** @param words of the command line: kinds take longest to load, so policies are there only where none else is meant */
export async function inspectCommand(world: World, words: readonly string[]): Promise<CommandNode> {
  const own = OWN.map(make => make(world))
  const isOwn = own.some(({ name, aliases }) => [name, ...aliases].some(one => words.includes(one)))
  const policies = isOwn ? [] : (await import('./policy.ts')).policyCommands(world)
  return group({
    name: 'inspect',
    doc: 'show what data planes, services and zones do, and whom a policy is for',
    commands: [...own, ...policies],
  })
}
