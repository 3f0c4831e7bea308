/** What the control plane says about itself and its callers (kuma-api 1.6): `/`, `/config`, `/who-am-i`, `/ready`. */
import { hostname } from 'node:os'
import { ok } from '../http/answer.ts'
import type { ApiContext, Endpoint } from '../request.ts'

/** Public: the handshake of `config control-planes add` is sent without the token. */
export function indexEndpoint({ version, announce, gui, instanceId, clusterId }: ApiContext): Endpoint {
  const value = {
    hostname: hostname(),
    // clients of Kuma up to 2.8 look at this, later ones at the product; both refuse any other than their own
    tagline: announce.product,
    product: announce.product,
    version: announce.version,
    instanceId,
    clusterId,
    gui: gui ?? '',
    implementation: `vmesh ${version}`,
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
