/**
 * What a process of Node holds when all its threads have collected their garbage, asked through its inspector
 * (`--inspect=HOST:PORT`): its resident memory between collections says little where configuration changes all the time.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { LOOPBACK } from '../support/snapshots.ts'

export interface Collected {
  /** Heaps of all threads, and what hangs on them. */
  readonly liveMb: number
  /** Of the process. */
  readonly residentMb: number
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: { readonly sessionId: string; readonly message: string }
  readonly result?: { readonly result?: { readonly value?: unknown } }
}

/** A second collection takes what finalizers of the first have let go. */
const COLLECTIONS = 2
/** For pages to go back to the system, and for threads to be told of. */
const SETTLED_MS = 500
const LIVE = '(({ heapUsed, external }) => (heapUsed + external) / 2 ** 20)(process.memoryUsage())'

export async function collected(pid: number, inspectorPort: number): Promise<Collected> {
  const listed = await fetch(`http://${LOOPBACK}:${inspectorPort}/json`)
  const [{ webSocketDebuggerUrl } = { webSocketDebuggerUrl: '' }] = (await listed.json()) as {
    webSocketDebuggerUrl: string
  }[]
  const inspector = new Inspector(webSocketDebuggerUrl)
  await inspector.opened
  const threads = await inspector.threads()
  for (let i = 0; i < COLLECTIONS; i++)
    for (const thread of threads) await inspector.ask(thread, 'HeapProfiler.collectGarbage')
  await pause(SETTLED_MS)
  let liveMb = 0
  for (const thread of threads) {
    const answer = await inspector.ask(thread, 'Runtime.evaluate', { expression: LIVE })
    liveMb += Number(answer.result?.result?.value)
  }
  inspector.close()
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return { liveMb, residentMb: Number(resident ?? 0) / 1024 }
}

/** '' is the main thread, others by their session. */
class Inspector {
  readonly opened: Promise<void>
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, (answer: Message) => void>()
  readonly #sessions: string[] = []
  #asked = 0

  constructor(url: string) {
    this.#socket = new WebSocket(url)
    this.opened = new Promise((resolve, reject) => {
      this.#socket.addEventListener('open', () => resolve())
      this.#socket.addEventListener('error', () => reject(new Error(`no inspector at ${url}`)))
    })
    this.#socket.addEventListener('message', ({ data }) => this.#hear(JSON.parse(String(data)) as Message))
  }

  async threads(): Promise<string[]> {
    await this.ask('', 'NodeWorker.enable', { waitForDebuggerOnStart: false })
    await pause(SETTLED_MS)
    return ['', ...this.#sessions]
  }

  ask(sessionId: string, method: string, params: object = {}): Promise<Message> {
    const id = ++this.#asked
    const answer = new Promise<Message>(resolve => this.#waiting.set(id, resolve))
    const message = JSON.stringify({ id, method, params })
    if (sessionId === '') this.#socket.send(message)
    else void this.ask('', 'NodeWorker.sendMessageToWorker', { sessionId, message })
    return answer
  }

  close(): void {
    this.#socket.close()
  }

  #hear({ id, method, params, ...rest }: Message): void {
    if (id !== undefined) {
      this.#waiting.get(id)?.(rest)
      this.#waiting.delete(id)
    } else if (params === undefined) return
    else if (method === 'NodeWorker.attachedToWorker') this.#sessions.push(params.sessionId)
    else if (method === 'NodeWorker.receivedMessageFromWorker')
      this.#hear(JSON.parse(params.message) as Message)
  }
}
