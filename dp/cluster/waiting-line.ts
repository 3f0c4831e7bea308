/** Who waits for a stream, in order of arrival. */
import type { StreamWaiter } from './transport.ts'

export interface Ticket {
  readonly waiter: StreamWaiter
  /** Rises with every arrival. */
  readonly number: number
}

export class WaitingLine {
  #tickets: Ticket[] = []

  get length(): number {
    return this.#tickets.length
  }

  /** Whether somebody still wants a stream; those in front who have gone are forgotten. */
  get isWanting(): boolean {
    const at = this.#tickets.findIndex(({ waiter }) => waiter.isWanted)
    for (const { waiter } of this.#tickets.splice(0, at < 0 ? this.#tickets.length : at))
      waiter.onForgotten?.()
    return at >= 0
  }

  push(ticket: Ticket): void {
    this.#tickets.push(ticket)
  }

  /** Back to the front. */
  unshift(ticket: Ticket): void {
    this.#tickets.unshift(ticket)
  }

  /** The first that still wants a stream; those that have gone are forgotten. */
  shift(): Ticket | undefined {
    return this.isWanting ? this.#tickets.shift() : undefined
  }

  /** Takes those out that came up to that number. */
  takeUpTo(number: number): Ticket[] {
    return this.#take(ticket => ticket.number <= number)
  }

  /** Takes those out that it is true of. */
  takeAll(isTaken: (waiter: StreamWaiter) => boolean): Ticket[] {
    return this.#take(ticket => isTaken(ticket.waiter))
  }

  #take(isTaken: (ticket: Ticket) => boolean): Ticket[] {
    const taken = this.#tickets.filter(isTaken)
    this.#tickets = this.#tickets.filter(ticket => !isTaken(ticket))
    return taken
  }
}
