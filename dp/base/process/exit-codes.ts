/**
 * What the exit codes of all programs mean, so that systemd and scripts can tell a fault that a person has to mend
 * from one that goes away (BSD's sysexits where they have a word for it). The units restart after every code but
 * `configuration`.
 */
import { CodedError } from '../errors.ts'

export const EXIT = {
  /** Done. */
  ok: 0,
  /** It failed: refused by the control plane, not found, a listener's port in use. Trying again may help. */
  failed: 1,
  /** The command line is wrong (EX_USAGE). */
  usage: 64,
  /** Something it needs is away for the moment: the control plane cannot be reached (EX_TEMPFAIL). */
  temporary: 75,
  /** A setting, file, token or certificate is wrong: a person has to act; systemd does not restart (EX_CONFIG). */
  configuration: 78,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/**
 * The code for whatever reached a main: what a coded error says in `details.exitCode`, `configuration` where its
 * `details.permanent` is true, else `failed`.
 */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof CodedError)) return EXIT.failed
  const named = Object.values(EXIT).find(code => code === error.details['exitCode'])
  if (named !== undefined) return named
  return error.details['permanent'] === true ? EXIT.configuration : EXIT.failed
}
