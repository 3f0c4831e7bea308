/**
 * Asks a connected data plane what runs there and waits for its answer: a topic → a checked value, or a CodedError that
 * says why there is none. Answers come back through the session that was asked.
 */
import { CodedError } from '#base/errors.ts'
import type {
  Answer,
  AnswerValue,
  RunningConfiguration,
  RunningStatistics,
  Topic,
} from '#contract/questions.ts'
import type { ProxySession } from '../proxy-session.ts'
import { faultOfAnswer } from './answers.ts'

export type {
  EndpointStatus,
  InboundStatus,
  OutboundStatus,
  RunningConfiguration,
  RunningStatistics,
} from '#contract/questions.ts'

export interface QuestionsOptions {
  readonly sessions: { get(mesh: string, name: string): ProxySession | null }
  readonly timeoutMs: number
  /** Questions that may wait for an answer at one time. */
  readonly limit?: number
}

interface Waiting {
  readonly session: ProxySession
  readonly topic: Topic
  readonly told: PromiseWithResolvers<AnswerValue>
}

const FEATURE = 'questions'
const LIMIT = 64

export class Questions {
  readonly #options: QuestionsOptions
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1

  constructor(options: QuestionsOptions) {
    this.#options = options
  }

  /**
   * Throws `push.not-connected`, `push.not-asked` (a daemon that is too old), `push.too-many-questions`,
   * `push.no-answer` and `push.bad-answer`.
   */
  configuration(mesh: string, name: string): Promise<RunningConfiguration> {
    return this.#ask(mesh, name, 'configuration') as Promise<RunningConfiguration>
  }

  /** Throws as `configuration`. */
  statistics(mesh: string, name: string): Promise<RunningStatistics> {
    return this.#ask(mesh, name, 'statistics') as Promise<RunningStatistics>
  }

  /** An answer that nobody waits for any more is no fault. */
  answered(session: ProxySession, { id, value, fault }: Answer): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined || waiting.session !== session) return
    const { told, topic } = waiting
    const reason = value === null ? (fault ?? 'an empty answer') : faultOfAnswer(topic, value)
    if (value === null || reason !== null) told.reject(badAnswer(session, topic, reason ?? ''))
    else told.resolve(value)
  }

  /** The session ended: nobody will answer. */
  forget(session: ProxySession): void {
    for (const waiting of this.#waiting.values()) {
      if (waiting.session === session) waiting.told.reject(notConnected(session))
    }
  }

  async #ask(mesh: string, name: string, topic: Topic): Promise<AnswerValue> {
    const session = this.#options.sessions.get(mesh, name)
    if (session === null) throw notConnected({ mesh, name })
    if (!session.features.includes(FEATURE)) {
      const message = `${who(session)} runs a version that answers no questions; install the version of the control plane there`
      throw new CodedError('push.not-asked', message)
    }
    const { limit = LIMIT, timeoutMs } = this.#options
    if (this.#waiting.size >= limit) {
      throw new CodedError(
        'push.too-many-questions',
        `${limit} questions wait for answers; ask again in a moment`,
      )
    }
    const id = this.#nextId++
    const told = Promise.withResolvers<AnswerValue>()
    const timer = setTimeout(() => told.reject(noAnswer(session, timeoutMs)), timeoutMs)
    this.#waiting.set(id, { session, topic, told })
    try {
      session.send({ type: 'question', id, topic })
      return await told.promise
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }
}

type Named = Pick<ProxySession, 'mesh' | 'name'>

function who({ mesh, name }: Named): string {
  return `data plane ${name} of mesh ${mesh}`
}

function notConnected(session: Named): CodedError {
  return new CodedError('push.not-connected', `${who(session)} is not connected`)
}

function noAnswer(session: Named, timeoutMs: number): CodedError {
  return new CodedError('push.no-answer', `${who(session)} did not answer within ${timeoutMs} ms`)
}

function badAnswer(session: Named, topic: Topic, reason: string): CodedError {
  return new CodedError('push.bad-answer', `${who(session)} cannot tell its ${topic}: ${reason}`)
}
