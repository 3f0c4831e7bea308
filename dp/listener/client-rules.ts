/** How calls of some clients of an inbound are timed, compiled when a snapshot is applied. */
import type { ClientMatch } from '#contract/client-match.ts'
import type { InboundListener } from '#contract/listener.ts'
import type { Limits } from '../codec/limits.ts'
import { type CallRules, callRules } from '../http/resilience/call-rules.ts'
import { fitsClient } from './client-match.ts'

export class ClientRules {
  readonly #all: readonly { readonly clients: ClientMatch; readonly rules: CallRules }[]

  constructor({ clientTimeouts = [] }: InboundListener, limits: Limits) {
    this.#all = clientTimeouts.map(({ clients, timeouts }) => ({
      clients,
      rules: callRules({ timeouts }, limits),
    }))
  }

  /** The first that fits; null: those of all hold. `sni`: the server name that it asked for; ''. */
  of(uris: readonly string[], sni: string): CallRules | null {
    return this.#all.find(({ clients }) => fitsClient(clients, uris, sni))?.rules ?? null
  }
}
