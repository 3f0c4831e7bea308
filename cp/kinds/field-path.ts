/**
 * Field paths as Kuma writes them: dots for fields, `[0]` for items, `["key"]` for keys of maps:
 * `networking.inbound[0].tags["kuma.io/service"]`. The empty path is the whole.
 */

export function fieldAt(path: string, name: string): string {
  if (path === '') return name
  return name === '' ? path : `${path}.${name}`
}

export function itemAt(path: string, index: number): string {
  return `${path}[${index}]`
}

export function keyAt(path: string, key: string): string {
  return `${path}[${JSON.stringify(key)}]`
}
