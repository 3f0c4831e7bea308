/** `GET /status/zones` of Kuma up to 2.11: which zones are there, and which of them is this control plane's. */
import { zone } from '../../kinds/system/zone.ts'
import { ok } from '../http/answer.ts'
import type { ApiContext, Endpoint } from '../request.ts'
import { readRight } from '../resources.ts'

export function zoneStatusEndpoint({ store, zone: own }: ApiContext): Endpoint {
  return {
    right: readRight(zone),
    operation: 'Could not retrieve the zones',
    async handle() {
      const zones = await store.list(zone.type)
      // without zones the body is null
      return ok(zones.length === 0 ? null : zones.map(({ name }) => ({ name, active: name === own })))
    },
  }
}
