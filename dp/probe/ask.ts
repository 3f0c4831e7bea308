/** Asks an application once, as its probe says. */
import type { Asked } from './ask/asked.ts'
import { askExec } from './ask/exec.ts'
import { askGrpc } from './ask/grpc.ts'
import { askHttp } from './ask/http.ts'
import { askSystemd } from './ask/systemd.ts'
import { askTcp } from './ask/tcp.ts'

/** '': it is well; else why not, in words. `signal`: nobody waits any more, all that is open is closed. */
export type Ask = (asked: Asked, signal: AbortSignal) => Promise<string>

/** What this machine lends to probes that run a program. */
export interface ProbeMeans {
  readonly allowsExec: boolean
  /** All that programs get of one: no token. */
  readonly environment: Readonly<Record<string, string>>
  /** The program, by path or by name. */
  readonly systemctl: string
}

const NOT_ALLOWED =
  'exec probes are not allowed on this machine: start vmesh-dp with --allow-exec-probes=true (VMESH_ALLOW_EXEC_PROBES)'

export function askBy({ allowsExec, environment, systemctl }: ProbeMeans): Ask {
  return async (asked, signal) => {
    const { probe } = asked
    switch (probe.type) {
      case 'tcp':
        return askTcp(asked, signal)
      case 'http':
        return askHttp(asked, probe, signal)
      case 'grpc':
        return askGrpc(asked, probe.service, signal)
      case 'exec':
        return allowsExec ? askExec(probe.command, environment, signal) : NOT_ALLOWED
      case 'systemd':
        return askSystemd(probe.unit, systemctl, environment, signal)
    }
  }
}
