/** This thread's end of one worker: orders with their answers, and what the worker says by itself. */
import type { Worker } from 'node:worker_threads'
import type { FromWorker, OrderName, Orders, ToWorker } from './messages.ts'

interface Waiting {
  resolve(answer: unknown): void
  reject(error: Error): void
}

export class WorkerThread {
  readonly #worker: Worker
  readonly #onHealth: (change: Extract<FromWorker, { health: unknown }>) => void
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #isEnding = false

  constructor(worker: Worker, onHealth: (change: Extract<FromWorker, { health: unknown }>) => void) {
    this.#worker = worker
    this.#onHealth = onHealth
    worker.on('message', (message: FromWorker) => this.#hear(message))
    // Thrown from here it ends the process, as it would without threads.
    worker.on('error', error => {
      throw error
    })
    worker.on('exit', code => {
      if (!this.#isEnding) throw new Error(`a worker thread ended with code ${code}`)
    })
  }

  /** Rejects with what the worker says is wrong. Orders are begun in their order. */
  ask<Name extends OrderName>(name: Name, ask: Orders[Name]['ask']): Promise<Orders[Name]['answer']> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: answer => resolve(answer as Orders[Name]['answer']), reject })
      this.#worker.postMessage({ id, name, ask })
    })
  }

  /** For what cannot fail in a way that the caller could do something about: a fault ends the process. */
  tell<Name extends OrderName>(name: Name, ask: Orders[Name]['ask']): void {
    this.ask(name, ask)
  }

  pass(message: Extract<ToWorker, { health: unknown }>): void {
    this.#worker.postMessage(message)
  }

  /** After this nothing is asked any more. */
  async end(): Promise<void> {
    this.#isEnding = true
    await this.#worker.terminate()
  }

  #hear(message: FromWorker): void {
    if ('health' in message) return this.#onHealth(message)
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if ('fault' in message) waiting?.reject(new Error(message.fault))
    else waiting?.resolve(message.answer)
  }
}
