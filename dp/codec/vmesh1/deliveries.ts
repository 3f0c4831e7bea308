/** Streams that hand on what they have kept, in the next turn of the event loop: not within the call that asks. */
export class Deliveries {
  #streams: { deliver(): void }[] = []

  add(stream: { deliver(): void }): void {
    if (this.#streams.push(stream) > 1) return
    setImmediate(() => {
      for (const one of this.#streams.splice(0)) one.deliver()
    })
  }
}
