/**
 * What an upstream under test can be told to do, as values that JSON can carry. One behaviour is chosen per request when
 * its head is there (TCP: when a connection's first bytes are); those of a connection when it is accepted.
 */

export type Behaviour =
  /** 200 and `NAME METHOD PATH BYTES`, or the request's body again where `echo` is set; TCP: what comes goes back. */
  | { readonly do: 'ok'; readonly echo?: boolean }
  /** Any status; `early`: without waiting for the request's body. */
  | {
      readonly do: 'status'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
      readonly early?: boolean
    }
  /** HTTP status 200 and this status of gRPC, in trailers alone (as grpc-js answers errors). */
  | {
      readonly do: 'grpc'
      readonly status: number
      readonly message?: string
      readonly headers?: Readonly<Record<string, string>>
    }
  /**
   * `headMs` until the head, then `chunks` (1) pieces of `chunkBytes` (10) each `everyMs` (0) after the one before; or the
   * request's body at once where `echo` is set, and the message of gRPC.
   */
  | {
      readonly do: 'slow'
      readonly headMs?: number
      readonly chunks?: number
      readonly chunkBytes?: number
      readonly everyMs?: number
      readonly echo?: boolean
    }
  /**
   * RST of the connection; over HTTP/2 RST_STREAM with `code` (2, INTERNAL_ERROR; 7 is REFUSED_STREAM) unless `whole`.
   * `at`: see `Stage`.
   */
  | { readonly do: 'reset'; readonly at?: Stage; readonly code?: number; readonly whole?: boolean }
  /** FIN of the connection where an answer or the rest of it should be. */
  | { readonly do: 'close'; readonly at?: Stage }
  /** Takes the request with its body and never answers. */
  | { readonly do: 'hang' }
  /** Accepts connections and never reads from them; requests on those that exist are neither read nor answered. */
  | { readonly do: 'half-open' }
  /** Nobody listens and every connection is reset: as after `kill -9`. */
  | { readonly do: 'refuse' }
  /** Somebody listens who does not accept, and the backlog is full: connecting takes for ever. Others are reset. */
  | { readonly do: 'deaf' }
  /** Each with its share of 100 requests; the rest is `ok`. `refuse` and `deaf` cannot be part. */
  | { readonly do: 'mix'; readonly parts: readonly { readonly percent: number; readonly as: Behaviour }[] }
  /** One request each; the last stays. `refuse` and `deaf` cannot be part. */
  | { readonly do: 'sequence'; readonly steps: readonly Behaviour[] }

/**
 * connect: as soon as the connection is accepted (in a mix or sequence: as `head`). head: when the request's head is
 * there, early. request (default): when the request is there with its body. answer: after the head of the answer. body:
 * in the middle of the body.
 */
export type Stage = 'connect' | 'head' | 'request' | 'answer' | 'body'

export const OK: Behaviour = { do: 'ok' }

/** Remembers how far its sequences have come. */
export class Chooser {
  readonly #random: () => number
  readonly #taken = new Map<Behaviour, number>()

  /** `random`: 0 to 1, for mixes. */
  constructor(random: () => number) {
    this.#random = random
  }

  /** One that is neither mix nor sequence. */
  choose(behaviour: Behaviour): Behaviour {
    if (behaviour.do === 'mix') {
      let left = this.#random() * 100
      for (const { percent, as } of behaviour.parts) {
        left -= percent
        if (left < 0) return this.choose(as)
      }
      return OK
    }
    if (behaviour.do === 'sequence') {
      const taken = this.#taken.get(behaviour) ?? 0
      this.#taken.set(behaviour, taken + 1)
      return this.choose(behaviour.steps[Math.min(taken, behaviour.steps.length - 1)] ?? OK)
    }
    return behaviour
  }
}

/** 0 to 1, the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
