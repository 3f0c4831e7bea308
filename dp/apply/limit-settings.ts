/**
 * `--limit NAME=VALUE` of `vmesh-dp run`: any limit of the engine, by the names of its tables without their units and with
 * values as people write them (`10s`, `64KiB`, `100`). Those of HTTP/2 begin with `http2.`, those of the connections
 * between data planes with `trunk.`.
 */
import { byteSize, formatByteSize, formatGoDuration, goDurationMs } from '#base/duration.ts'
import { CodedError } from '#base/errors.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { didYouMean } from '#base/text/nearest.ts'
import { HTTP2_LIMITS } from '../codec/http2/http2-limits.ts'
import { type Limit, type LimitTable, MOST } from '../codec/limit.ts'
import { DEFAULT_LIMITS, ENGINE_LIMITS, type Limits } from '../codec/limits.ts'
import { SESSION_LIMITS } from '../codec/vmesh1/session-limits.ts'

type Unit = 'size' | 'duration' | 'count'

export interface LimitSetting {
  /** As it is set: `http2.maxFrame`. */
  readonly name: string
  /** As the engine has it: `maxFrameBytes`. */
  readonly key: string
  readonly isHttp2: boolean
  readonly unit: Unit
  readonly limit: Limit
}

export const LIMIT_SETTINGS: readonly LimitSetting[] = [
  ...settingsOf(ENGINE_LIMITS, ''),
  ...settingsOf(HTTP2_LIMITS, 'http2.'),
  ...settingsOf(SESSION_LIMITS, 'trunk.'),
]

const BY_NAME: ReadonlyMap<string, LimitSetting> = new Map(LIMIT_SETTINGS.map(one => [one.name, one]))

/** The first may not be above the second. */
const ORDERED: readonly (readonly [string, string])[] = [
  ['backoff', 'maxBackoff'],
  ['redial', 'maxRedial'],
  ['meshIdle', 'keepAlive'],
  ['http2.maxPending', 'http2.maxBacklog'],
  ['http2.streamWindow', 'http2.connectionWindow'],
  ['trunk.maxPending', 'trunk.maxBacklog'],
]

/** What is set, for `createEngine`. Throws `settings.invalid` with all faults. */
export function limitsOf(pairs: readonly string[]): Partial<Limits> {
  const faults: string[] = []
  const given = new Map<string, number>()
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    const name = at < 0 ? pair : pair.slice(0, at)
    const setting = BY_NAME.get(name)
    const value = setting === undefined || at < 0 ? null : numberOf(setting, pair.slice(at + 1))
    if (setting === undefined)
      faults.push(`${pair}: there is no limit ${name}${didYouMean(name, BY_NAME.keys())}`)
    else if (value === null) faults.push(`${pair}: expected ${name}=${accepted(setting)}`)
    else given.set(name, value)
  }
  for (const [less, more] of ORDERED) {
    if (!given.has(less) && !given.has(more)) continue
    const [low, high] = [less, more].map(name => given.get(name) ?? BY_NAME.get(name)?.limit.default ?? 0)
    if ((low ?? 0) > (high ?? 0))
      faults.push(`${less} (${shown(less, low)}) is above ${more} (${shown(more, high)})`)
  }
  if (faults.length > 0) {
    const message = faults.map(fault => `--limit ${fault}`).join('\n')
    throw new CodedError('settings.invalid', message, { details: { exitCode: EXIT.configuration } })
  }
  const http2: Record<string, number> = {}
  const others: Record<string, number> = {}
  for (const [name, value] of given) {
    const setting = BY_NAME.get(name)
    if (setting !== undefined) (setting.isHttp2 ? http2 : others)[setting.key] = value
  }
  return {
    ...others,
    ...(Object.keys(http2).length > 0 ? { http2: { ...DEFAULT_LIMITS.http2, ...http2 } } : {}),
  }
}

/** The table of the reference. */
export function limitsMarkdown(): string {
  const rows = LIMIT_SETTINGS.map(({ name, limit }) => {
    const most = limit.max === MOST ? '' : shown(name, limit.max)
    const values = `${shown(name, limit.default)} | ${shown(name, limit.min)} | ${most}`
    return `| \`${name}\` | ${values} | ${limit.doc} |`
  })
  return ['| Limit | Default | Least | Most | What it is for |', '|---|---|---|---|---|', ...rows].join('\n')
}

function settingsOf(table: LimitTable, prefix: '' | 'http2.' | 'trunk.'): LimitSetting[] {
  return Object.entries(table).map(([key, limit]) => {
    const unit = key.endsWith('Bytes') ? 'size' : key.endsWith('Ms') ? 'duration' : 'count'
    return { name: prefix + key.replace(/(Bytes|Ms)$/, ''), key, isHttp2: prefix === 'http2.', unit, limit }
  })
}

/** null: not accepted. */
function numberOf({ unit, limit }: LimitSetting, text: string): number | null {
  const read = unit === 'size' ? byteSize(text) : unit === 'duration' ? goDurationMs(text) : countOf(text)
  return read !== null && Number.isInteger(read) && read >= limit.min && read <= limit.max ? read : null
}

function countOf(text: string): number | null {
  return /^\d+$/.test(text) ? Number(text) : null
}

function accepted({ name, unit, limit }: LimitSetting): string {
  const kind = { size: 'a size', duration: 'a duration', count: 'a number' }[unit]
  return `${kind} from ${shown(name, limit.min)} to ${shown(name, limit.max)}`
}

function shown(name: string, value = 0): string {
  const unit = BY_NAME.get(name)?.unit
  if (unit === 'size') return formatByteSize(value)
  return unit === 'duration' ? formatGoDuration(BigInt(value) * 1_000_000n) : String(value)
}
