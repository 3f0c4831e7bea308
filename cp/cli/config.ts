/** Where vmeshctl keeps its contexts: the only reader of the environment in the command line. */
import { homedir } from 'node:os'
import { join } from 'node:path'

/** `~/.vmeshctl/config`, the place kumactl would use. */
export function defaultConfigFile(): string {
  return join(process.env['HOME'] || homedir(), '.vmeshctl', 'config')
}
