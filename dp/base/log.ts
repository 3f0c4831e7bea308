/** Logs as JSON lines through pino; the only import of pino. Under journald each line bears its priority. */
import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger } from 'pino'
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** `to`: stdout unless given. Writes are synchronous, so the last words of a dying process are not lost. */
export function createLogger(options: {
  level: string
  name: string
  /** Prefix lines with `<N>` for journald (set when $JOURNAL_STREAM is). */
  journal?: boolean
  to?: DestinationStream
}): Logger {
  const sink = options.to ?? pino.destination({ dest: 1, sync: true })
  return pino(
    {
      level: options.level,
      name: options.name,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      redact: {
        paths: ['token', 'authorization', 'headers.authorization', 'privateKeyPem'],
        censor: '*****',
      },
    },
    options.journal === true ? withPriority(sink) : sink,
  )
}

/** A logger that says nothing: for tests and tools. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' })
}

const PRIORITY_OF_LEVEL: Readonly<Record<number, number>> = { 10: 7, 20: 7, 30: 6, 40: 4, 50: 3, 60: 2 }

/** syslog priorities: debug 7, info 6, warning 4, error 3, critical 2. */
function withPriority(sink: DestinationStream): DestinationStream {
  const stream = {
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 30,
    write(line: string): void {
      sink.write(`<${PRIORITY_OF_LEVEL[stream.lastLevel] ?? 6}>${line}`)
    },
  }
  return stream
}
