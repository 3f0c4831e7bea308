/** A mesh of given resources, and what one of its data planes runs, sound by the contract. */
import { deepEqual } from 'node:assert/strict'
import { checkSections } from '#contract/check.ts'
import type { Cluster } from '#contract/cluster.ts'
import type { OutboundListener } from '#contract/listener.ts'
import { compile } from '../../cp/compile/compile.ts'
import type { Resource } from '../../cp/kinds/kind.ts'
import type { MeshSpec } from '../../cp/kinds/mesh/mesh.ts'
import { MeshIndex } from '../../cp/snapshot/mesh-view.ts'
import { aMesh, resource } from './resources.ts'

export function meshOf(resources: readonly Resource[], mesh: Resource<MeshSpec> = aMesh()): MeshIndex {
  const view = new MeshIndex(mesh)
  for (const one of resources) view.change(one, one)
  return view
}

export class Compiled {
  readonly sections: ReadonlyMap<string, object>

  constructor(view: MeshIndex, dataplane: string) {
    const found = view.dataplane(dataplane)
    if (found === undefined) throw new Error(`there is no Dataplane ${dataplane}`)
    this.sections = compile(view, found)
    const plain = JSON.parse(JSON.stringify(Object.fromEntries(this.sections)))
    const checked = checkSections(plain)
    deepEqual(checked.ok ? [] : checked.violations, [])
  }

  /** The outbound on 127.0.0.1. */
  outbound(port = 10_001): OutboundListener {
    return this.sections.get(`listener/127.0.0.1:${port}`) as OutboundListener
  }

  cluster(name: string): Cluster | undefined {
    return this.sections.get(`cluster/${name}`) as Cluster | undefined
  }

  /** Sorted. */
  clusterNames(): readonly string[] {
    return [...this.sections.keys()].filter(name => name.startsWith('cluster/')).sort()
  }
}

/** For all data planes of the mesh unless told otherwise. */
export function aPolicy(type: string, name: string, spec: object, targetRef?: object): Resource {
  return resource(type, 'default', name, targetRef === undefined ? spec : { targetRef, ...spec })
}

export const toService = (name: string) => ({ kind: 'MeshService', name }) as const
