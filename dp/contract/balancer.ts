/** How a cluster shares its calls among its endpoints. */

/**
 * `round-robin`: in turn, by weight. `least-request`: of `choices` endpoints drawn at random the one with the fewest
 * calls that run. `ring-hash` and `maglev`: by the hash of the call (`HashPolicy`), so that a change of one endpoint
 * moves few of the others' calls; a call without hash goes to one at random.
 */
export type Balancer =
  | { readonly type: 'round-robin' | 'random' }
  | { readonly type: 'least-request'; readonly choices: number }
  | {
      readonly type: 'ring-hash'
      /** Points on the ring, of four endpoints or more together; all together at most `maxSize`. */
      readonly minSize: number
      readonly maxSize: number
      readonly hash: 'xx-hash' | 'murmur-hash-2'
    }
  /** `size`: of the table, a prime. */
  | { readonly type: 'maglev'; readonly size: number }

/**
 * What of a call is hashed; several are combined in their order. `isTerminal`: the later ones do not count once there is
 * a hash. A `cookie` with a `ttlMs` is made where the client brings none; 0: for its session. `connection`: the client's
 * IP address. Calls of TCP have that alone.
 */
export type HashPolicy =
  | { readonly type: 'header' | 'query'; readonly name: string; readonly isTerminal: boolean }
  | {
      readonly type: 'cookie'
      readonly name: string
      readonly path?: string
      readonly ttlMs?: number
      readonly isTerminal: boolean
    }
  | { readonly type: 'connection'; readonly isTerminal: boolean }
