/**
 * What vmeshctl says when something fails: refusals of the control plane as kumactl prints them (`title (detail)`,
 * then `* field: reason`; kuma-api 1.4, 2.1), and failures to reach it. Each says what to do.
 */
import { CodedError } from '#base/errors.ts'
import { EXIT } from '#base/process/exit-codes.ts'

export interface Fault {
  readonly field: string
  readonly reason: string
}

/** The body of an answer >= 400; plain texts and other JSON are a title without the rest. */
export interface Problem {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly faults: readonly Fault[]
}

const LONGEST_RAW = 500
/** What a refusal tells clients of the HTTP API to do, and what people who type commands do instead. */
const REMEDY = 'add ?acceptUnenforced=true or the header x-vmesh-accept-unenforced: true'
const OWN_REMEDY = 'give --accept-unenforced'

export function readProblem(status: number, text: string): Problem {
  const body = parsedObject(text)
  const title = textAt(body, 'title')
  if (title === '') {
    const raw = text.trim().slice(0, LONGEST_RAW) || 'no explanation'
    return { status, title: `(${status}): ${raw}`, detail: '', faults: [] }
  }
  const parameters = listAt(body, 'invalid_parameters')
  return {
    status,
    title,
    detail: textAt(body, 'detail') || textAt(body, 'details'),
    faults:
      parameters.length > 0
        ? parameters.map(one => ({
            field: textAt(one, 'field'),
            reason: textAt(one, 'reason').replace(REMEDY, OWN_REMEDY),
          }))
        : listAt(body, 'causes').map(one => ({
            field: textAt(one, 'field'),
            reason: textAt(one, 'message'),
          })),
  }
}

/** Without the faults. `mesh`: of the resource that was asked for. */
export function problemTitle(problem: Problem, mesh = ''): string {
  if (isMeshMissing(problem))
    return `there is no mesh ${JSON.stringify(mesh)}; apply a Mesh of that name first`
  return problem.detail === '' ? problem.title : `${problem.title} (${problem.detail})`
}

/** The path's mesh does not exist. */
export function isMeshMissing(problem: Problem): boolean {
  return problem.status === 404 && problem.title === 'Failed to retrieve Mesh'
}

/** The refusal as an error: exit code 78 where the token is at fault, 75 where the server is not ready, else 1. */
export function refused(problem: Problem, mesh = ''): CodedError {
  const lines = [
    problemTitle(problem, mesh),
    ...problem.faults.map(({ field, reason }) => `* ${field}: ${reason}`),
  ]
  const help = HELP[problem.status]
  // newer control planes say it themselves
  if (help !== undefined && problem.faults.length === 0) lines.push(help)
  const { status } = problem
  return new CodedError('cli.refused', lines.join('\n'), { details: { exitCode: codeOf(status), status } })
}

/** Of several refusals: what they have in common, else 1; 0 where there is none. */
export function refusalCode(problems: readonly Problem[]): number {
  const codes = new Set(problems.map(({ status }) => codeOf(status)))
  const [code = EXIT.ok] = codes
  return codes.size > 1 ? EXIT.failed : code
}

function codeOf(status: number): number {
  return { 401: EXIT.configuration, 403: EXIT.configuration, 503: EXIT.temporary }[status] ?? EXIT.failed
}

const HELP: Readonly<Record<number, string>> = {
  401: 'The token is wrong, expired or revoked: make a new one on the host of the control plane (vmeshctl generate user-token) and give it with --token-file.',
  403: 'This needs more rights: work on the host of the control plane, or give the token of an admin with --token-file.',
}

/** It was not reached, or did not answer: `why` is a sentence without a full stop. */
export function unreachable(address: string, why: string, cause: unknown): CodedError {
  const message = `cannot reach the control plane at ${address}: ${why}`
  return new CodedError('cli.unreachable', message, { cause, details: { exitCode: EXIT.temporary } })
}

/** A file, token, certificate or context is wrong: exit code 78. */
export function misconfigured(message: string, cause?: unknown): CodedError {
  return new CodedError('cli.misconfigured', message, { cause, details: { exitCode: EXIT.configuration } })
}

/** Refused, not found, not possible: exit code 1. */
export function failed(message: string): CodedError {
  return new CodedError('cli.failed', message, { details: { exitCode: EXIT.failed } })
}

function parsedObject(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, key)?.value
}

function textAt(value: unknown, key: string): string {
  const text = member(value, key)
  return typeof text === 'string' ? text : ''
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const list = member(value, key)
  return Array.isArray(list) ? list : []
}
