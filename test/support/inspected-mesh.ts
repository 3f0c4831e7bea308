/** An API whose resources are written through it, as people write them: short builders, and what it answers. */
import { type Reply, type RunningApi, type StartOptions, send, startApi } from './api.ts'

export interface InspectedMesh {
  readonly run: RunningApi
  /** `PATH/NAME` and the rest of the body; kinds of encoding `spec` give `{spec}`. Throws what was refused. */
  put(path: string, type: string, fields: object): Promise<void>
  /** `PATH/NAME`. Throws where it is not deleted. */
  remove(path: string): Promise<void>
  /** Below `/meshes/default/`. */
  get(path: string): Promise<Reply>
  /** The answer of a 200, with times taken out. */
  json(path: string): Promise<unknown>
}

export async function startInspected(
  t: import('tap').Test,
  options: Partial<StartOptions> = {},
): Promise<InspectedMesh> {
  const run = await startApi({ folder: t.testdir(), ...options })
  t.teardown(() => run.close())
  const get = (path: string): Promise<Reply> => send('GET', `${run.http}/meshes/default/${path}`)
  return {
    run,
    get,
    async put(path, type, fields) {
      const name = path.slice(path.indexOf('/') + 1)
      const body = { type, mesh: 'default', name, ...fields }
      const { status, text } = await send('PUT', `${run.http}/meshes/default/${path}?acceptUnenforced=true`, {
        body,
      })
      if (status !== 201 && status !== 200) throw new Error(`${path}: ${status} ${text}`)
    },
    async remove(path) {
      const { status, text } = await send('DELETE', `${run.http}/meshes/default/${path}`)
      if (status !== 200) throw new Error(`${path}: ${status} ${text}`)
    },
    async json(path) {
      const { status, text } = await get(path)
      if (status !== 200) throw new Error(`${path}: ${status} ${text}`)
      const isTime = (key: string): boolean => key === 'creationTime' || key === 'modificationTime'
      return JSON.parse(text, function (this: unknown, key: string, value: unknown) {
        return isTime(key) ? undefined : value
      })
    },
  }
}

/** Body of a Dataplane with one http inbound on 8080 (application on 80) and outbounds from 10001 on. */
export function dataplaneBody(
  service: string,
  options: { address?: string; calls?: readonly string[] } = {},
): object {
  const { address = '192.168.0.1', calls = [] } = options
  const tags = { 'kuma.io/service': service, 'kuma.io/protocol': 'http' }
  return {
    networking: {
      address,
      inbound: [{ port: 8080, servicePort: 80, tags }],
      outbound: calls.map((called, i) => ({ port: 10_001 + i, tags: { 'kuma.io/service': called } })),
    },
  }
}

/** Labels of what is written through the API of a zone named `default`. */
export const LABELS = {
  'kuma.io/env': 'universal',
  'kuma.io/mesh': 'default',
  'kuma.io/origin': 'zone',
  'kuma.io/zone': 'default',
}
