/** Promises of compiled permissions: a client gets the answer that the literal reading gives it, whoever it is. */
import { equal } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { InboundListener, Permission } from '#contract/listener.ts'
import { compile } from '../../../cp/compile/compile.ts'
import { fuzzOptions } from '../../support/fuzzing.ts'
import { meshes, tags } from './rule-book/meshes.ts'
import { confForClient } from './rule-book/rules.ts'
import type { Tags } from './rule-book/selection.ts'
import { resourcesOf, viewOf } from './rule-book/shown.ts'

const ACTIONS: Readonly<Record<string, string>> = {
  allow: 'Allow',
  deny: 'Deny',
  'shadow-deny': 'AllowWithShadowDeny',
}

/** The first rule of which the client holds all principals. */
function decided({ rules }: Permission, client: Tags): string | undefined {
  const held = Object.entries(client).map(([tag, value]) =>
    tag === 'kuma.io/service' ? `spiffe://default/${value}` : `kuma://${tag}/${value}`,
  )
  const rule = rules.find(({ principals }) => principals.every(principal => held.includes(principal)))
  return rule === undefined ? undefined : ACTIONS[rule.action]
}

t.test('every client is decided upon as the book says', async () => {
  let count = 0
  fc.assert(
    fc.property(meshes, fc.array(tags, { minLength: 1, maxLength: 5 }), (mesh, clients) => {
      const permissions = mesh.policies.filter(({ type }) => type === 'MeshTrafficPermission')
      const view = viewOf(resourcesOf({ ...mesh, policies: permissions }), mesh.dataplanes, { mtls: true })
      for (const proxy of mesh.dataplanes) {
        const dataplane = view.dataplane(proxy.name)
        if (dataplane === undefined) throw new Error(`${proxy.name}: no such Dataplane`)
        const sections = compile(view, dataplane)
        for (const inbound of proxy.spec.networking.inbound ?? []) {
          const section = [...sections].find(
            ([name]) => name.startsWith('listener/') && name.endsWith(`:${inbound.port}`),
          )
          const permission = (section?.[1] as InboundListener | undefined)?.tls?.permission
          if (permission === undefined) continue
          for (const client of clients) {
            const conf = confForClient(mesh, proxy, 'MeshTrafficPermission', inbound, client)
            equal(decided(permission, client), (conf as { readonly action?: string } | undefined)?.action)
            count++
          }
        }
      }
    }),
    fuzzOptions(200),
  )
  t.ok(count > 100, `${count} clients were decided upon`)
})
