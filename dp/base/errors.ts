/**
 * A failure that somebody outside the code can meet: it has a stable code from a catalogue, says what and where
 * and what to do, and carries its cause. Bugs throw plain errors.
 */
export class CodedError extends Error {
  readonly code: string
  readonly details: Readonly<Record<string, unknown>>

  /**
   * @param code stable, `area.kebab-case`
   * @param message lower case: what and where, then what to do
   */
  constructor(
    code: string,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'CodedError'
    this.code = code
    this.details = options.details ?? {}
  }
}

/** The code of a coded error or of a Node system error (`EADDRINUSE`), else an empty string. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return ''
  return typeof error.code === 'string' ? error.code : ''
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
