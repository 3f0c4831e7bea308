/** What the control plane says about itself and its callers (kuma-api 1.6): `/`, `/config`, `/who-am-i`, `/ready`. */
import { hostname } from 'node:os'
import { ok } from '../http/answer.ts'
import type { ApiContext, Endpoint } from '../request.ts'

/** Clients of Kuma refuse to add a control plane that calls itself otherwise. */
const PRODUCT = 'Kuma'

/** Public: the handshake of `config control-planes add` is sent without the token. */
export function indexEndpoint({ version, instanceId, clusterId }: ApiContext): Endpoint {
  const value = {
    hostname: hostname(),
    tagline: PRODUCT,
    product: PRODUCT,
    version,
    instanceId,
    clusterId,
    gui: '',
    implementation: 'vmesh',
  }
  return {
    right: { check: 'never' },
    operation: 'Could not retrieve the index',
    handle: async () => ok(value),
  }
}

export function configEndpoint({ config }: ApiContext): Endpoint {
  return {
    right: { check: 'before', action: { type: 'view', what: 'control plane metadata' } },
    operation: 'Could not retrieve the configuration',
    handle: async () => ok(config()),
  }
}

export function whoAmIEndpoint(): Endpoint {
  return {
    right: { check: 'authentication' },
    operation: 'Could not retrieve the user',
    handle: async ({ user: { name, groups } }) => ok({ name, groups }),
  }
}

/** As on the diagnostics port, for those who reach only this one. */
export function readyEndpoint({ isReady }: ApiContext): Endpoint {
  return {
    right: { check: 'never' },
    operation: 'Could not tell',
    handle: async () => ({ status: isReady() ? 200 : 503, empty: true }),
  }
}
