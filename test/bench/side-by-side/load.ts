/** Who makes load: programs from Debian and two of our own, each on the processor that no proxy uses. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { HOST } from './peer.ts'
import { LOAD_CPU } from './processes.ts'

/** What one run of load did: how much, how fast, how long an answer took, what went wrong. */
export interface LoadResult {
  /** Requests, connections or megabytes. */
  readonly count: number
  readonly perSecond: number
  /** NaN where the program does not tell. */
  readonly p50Us: number
  readonly p99Us: number
  /** Failed requests and time-outs in words; ''. */
  readonly trouble: string
}

export type Load = (port: number, seconds: number) => Promise<LoadResult>

/** HTTP/1.1 requests over kept connections, or with one connection each. */
export function wrk(
  connections: number,
  path = '/',
  options: { readonly perRequest?: number; readonly headers?: readonly string[] } = {},
): Load {
  const { perRequest = 1, headers = [] } = options
  return async (port, seconds) => {
    const url = `http://${HOST}:${port}${path}`
    const given = headers.flatMap(header => ['-H', header])
    const out = await run('wrk', [
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '--latency',
      '--timeout',
      '5',
      ...given,
      url,
    ])
    const count = Number(/(\d+) requests in/.exec(out)?.[1] ?? 0)
    return {
      count: count * perRequest,
      perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(out)?.[1] ?? 0) * perRequest,
      p50Us: microseconds(/50%\s+([\d.]+\w+)/.exec(out)?.[1]),
      p99Us: microseconds(/99%\s+([\d.]+\w+)/.exec(out)?.[1]),
      trouble: /Non-2xx.*|Socket errors.*/.exec(out)?.[0] ?? '',
    }
  }
}

/** HTTP/2 with prior knowledge: 4 connections with `streams` calls at a time each. */
export function h2load(streams: number, argv: readonly string[] = [], path = '/'): Load {
  return async (port, seconds) => {
    const url = `http://${HOST}:${port}${path}`
    const clients = ['-c4', `-m${streams}`, `-D${seconds}`]
    const out = await run('h2load', [...clients, ...argv, url])
    const done = /requests: .* (\d+) succeeded, (\d+) failed, (\d+) errored/.exec(out)
    const failed = Number(done?.[2]) + Number(done?.[3])
    return {
      count: Number(done?.[1] ?? 0),
      perSecond: Number(/finished in .*, ([\d.]+) req\/s/.exec(out)?.[1] ?? 0),
      p50Us: Number.NaN,
      p99Us: Number.NaN,
      trouble: failed === 0 ? '' : `${failed} failed`,
    }
  }
}

/** One of our own programs, a file beside this one: prints a LoadResult. */
export function own(program: string, ...options: readonly string[]): Load {
  return async (port, seconds) => {
    const file = new URL(program, import.meta.url).pathname
    return JSON.parse(await run(process.execPath, [file, String(port), String(seconds), ...options]))
  }
}

async function run(program: string, argv: readonly string[]): Promise<string> {
  const child = spawn('taskset', ['-c', String(LOAD_CPU), program, ...argv], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [out] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return out
}

const UNITS: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1_000_000, m: 60_000_000 }

function microseconds(written = ''): number {
  const [, number, unit = ''] = /^([\d.]+)(\w+)$/.exec(written) ?? []
  return Number(number) * (UNITS[unit] ?? Number.NaN)
}
