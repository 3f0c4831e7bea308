/** What a daemon of a lab tells on its status socket, and what it still counts when all is over. */
import { globSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import type { DataPlaneStatus } from '../../dp/admin/status.ts'

/** `dir`: of the lab; `name`: of the data plane. */
export function socketOf(dir: string, name: string): string {
  return globSync(join(dir, `state-${name}/**/status.sock`))[0] ?? ''
}

export function statusOf(dir: string, name: string): Promise<DataPlaneStatus> {
  const socketPath = socketOf(dir, name)
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/status' }, response => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.on('end', () => resolve(JSON.parse(text) as DataPlaneStatus))
    })
    asked.on('error', reject)
    asked.end()
  })
}

/** Clients and calls that a daemon still has, in words; connections of other data planes stay. */
export async function remains(dir: string, name: string): Promise<string[]> {
  const { inbounds, outbounds } = (await statusOf(dir, name)).engine
  const calls = [...inbounds, ...outbounds].flatMap(({ port, endpoints }) =>
    endpoints.map(endpoint => `${endpoint.active} calls of ${name}, port ${port}, to ${endpoint.port}`),
  )
  const clients = outbounds.map(({ port, connections }) => `${connections} clients of ${name}, port ${port}`)
  return [...calls, ...clients].filter(text => !text.startsWith('0 '))
}
