/**
 * The names in certificates of mesh members (kuma-semantics 4.2): `spiffe://MESH/SERVICE` for each service, then
 * `kuma://TAG/VALUE` for each tag. Names are built here from what the control plane stores, never from a request.
 */

export const SERVICE_TAG = 'kuma.io/service'

export type IdentityName =
  | { readonly type: 'service'; readonly mesh: string; readonly service: string }
  | { readonly type: 'tag'; readonly tag: string; readonly value: string }

/** The name of the mesh itself, in the certificate of its CA. */
export function meshUri(mesh: string): string {
  return `spiffe://${mesh}`
}

export function serviceUri(mesh: string, service: string): string {
  return `spiffe://${mesh}/${service}`
}

export function tagUri(tag: string, value: string): string {
  return `kuma://${tag}/${value}`
}

/** The URI that proves that a client carries a tag. */
export function uriOfTag(mesh: string, tag: string, value: string): string {
  return tag === SERVICE_TAG ? serviceUri(mesh, value) : tagUri(tag, value)
}

/** All names of a Dataplane, each once, from the tags of its inbounds (or its gateway); each part sorted. */
export function identityUris(
  mesh: string,
  tagSets: readonly Readonly<Record<string, string>>[],
): readonly string[] {
  const tags = tagSets.flatMap(set => Object.entries(set))
  const services = tags.filter(([tag]) => tag === SERVICE_TAG).map(([, service]) => serviceUri(mesh, service))
  const others = tags.map(([tag, value]) => tagUri(tag, value))
  return [...[...new Set(services)].sort(), ...[...new Set(others)].sort()]
}

/**
 * null for what is not a name of a mesh member. The value of a tag is what follows the last slash: tag names hold
 * slashes (`kuma.io/zone`), values do not.
 */
export function parseIdentityUri(uri: string): IdentityName | null {
  const service = /^spiffe:\/\/([^/]+)\/([^/]+)$/.exec(uri)
  if (service?.[1] !== undefined && service[2] !== undefined) {
    return { type: 'service', mesh: service[1], service: service[2] }
  }
  const tag = /^kuma:\/\/(.+)\/([^/]*)$/.exec(uri)
  if (tag?.[1] !== undefined && tag[2] !== undefined) return { type: 'tag', tag: tag[1], value: tag[2] }
  return null
}

/** Is this the certificate of a member of the mesh? */
export function isMemberOf(mesh: string, uris: readonly string[]): boolean {
  return uris.some(uri => uri.startsWith(`spiffe://${mesh}/`))
}

/** Does this certificate prove the service of the mesh? `*`: any service of it. */
export function provesService(mesh: string, service: string, uris: readonly string[]): boolean {
  return service === '*' ? isMemberOf(mesh, uris) : uris.includes(serviceUri(mesh, service))
}
