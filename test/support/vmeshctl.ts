/** Runs vmeshctl in this process, with a world of its own. */
import { join } from 'node:path'
import { vmeshctl } from '../../cp/cli/program.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** @param home folder for the configuration; fixed clock: 2026-01-02T04:04:05Z */
export async function runVmeshctl(
  argv: readonly string[],
  world: {
    readonly home: string
    readonly input?: string
    readonly environment?: Readonly<Record<string, string>>
    readonly isTerminal?: boolean
    readonly hasColours?: boolean
    readonly nowMs?: () => number
  },
): Promise<Ran> {
  let out = ''
  let err = ''
  const code = await vmeshctl(argv, {
    out: text => {
      out += text
    },
    err: text => {
      err += text
    },
    readInput: async () => world.input ?? '',
    nowMs: world.nowMs ?? (() => Date.parse('2026-01-02T04:04:05Z')),
    atInterrupt: () => () => {},
    configFile: join(world.home, '.vmeshctl', 'config'),
    environment: world.environment ?? {},
    isTerminal: world.isTerminal ?? false,
    hasColours: world.hasColours ?? false,
  })
  return { code, out, err }
}
