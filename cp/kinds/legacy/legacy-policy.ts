/** What Kuma's older policies have in common (kuma-api 4.1, 4.2): flat, in a mesh, named with dashes, no short name. */
import { defineKind, type Kind, type KindOptions } from '../kind.ts'

type LegacyOptions<Spec> = Omit<KindOptions<Spec>, 'path' | 'scope' | 'encoding'> & Partial<Kind<Spec>>

/** Names come from the type: `TrafficRoute` is `traffic-route`, `traffic-routes`. */
export function defineLegacyPolicy<Spec>(options: LegacyOptions<Spec>): Kind<Spec> {
  const singular = options.type.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()
  return defineKind({
    path: `${singular}s`,
    singular,
    scope: 'Mesh',
    encoding: 'flat',
    isPolicy: true,
    computedLabels: 'mesh',
    ...options,
  })
}
