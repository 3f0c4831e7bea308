/** What vmeshctl takes from its surroundings: the only reader of the environment in the command line. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { World } from './world.ts'

/**
 * `~/.vmeshctl/config`, where kumactl would have its own; options come from `VMESHCTL_…` too. Colours only on a
 * terminal that knows them, and not where NO_COLOR is set (no-color.org).
 */
export function surroundings(
  isTerminal: boolean,
): Pick<World, 'configFile' | 'environment' | 'isTerminal' | 'hasColours'> {
  const { env } = process
  return {
    configFile: join(env['HOME'] || homedir(), '.vmeshctl', 'config'),
    environment: Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('VMESHCTL_'))),
    isTerminal,
    hasColours: isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
  }
}
