/** How many connections of TCP an inbound takes in a time, compiled when a snapshot is applied. */
import type { ClientMatch } from '#contract/client-match.ts'
import type { ConnectionRate } from '#contract/resilience/rate-limit.ts'
import { BUCKET_CELLS, TokenBucket } from '../http/filters/token-bucket.ts'
import { fitsClient } from './client-match.ts'

interface Rate {
  readonly policy: string
  readonly clients: ClientMatch
  /** null: no limit. */
  readonly bucket: TokenBucket | null
}

export class ConnectionRates {
  readonly #rates: readonly Rate[]

  /** `cells`: named for this inbound. */
  constructor(rates: readonly ConnectionRate[] = [], cells: (name: string, count: number) => Int32Array) {
    this.#rates = rates.map(rate => rateOf(rate, cells))
  }

  /** Counts a connection. `KIND/POLICY` by which it is one too many; null: it may be. `sni`: what it asked for; ''. */
  refusalOf(uris: readonly string[], sni: string): string | null {
    const rate = this.#rates.find(({ clients }) => fitsClient(clients, uris, sni))
    return rate?.bucket?.take() === false ? rate.policy : null
  }
}

/** The same policy with the same numbers for the same clients has the same bucket. */
function rateOf(
  { policy, clients = {}, connections, intervalMs }: ConnectionRate,
  cells: (name: string, count: number) => Int32Array,
): Rate {
  const name = `connections ${policy} ${connections}/${intervalMs} ${JSON.stringify(clients)}`
  const bucket =
    connections === null ? null : new TokenBucket(connections, intervalMs, cells(name, BUCKET_CELLS))
  return { policy, clients, bucket }
}
