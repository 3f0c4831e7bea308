/** The form of SPIFFE ids (SPIFFE-ID section 2), with the sentences of the library that Kuma uses. Pure. */

/** null: it is a SPIFFE id. */
export function spiffeIdFault(text: string): string | null {
  if (text === '') return 'cannot be empty'
  const [, domain, path = ''] = /^spiffe:\/\/([^/]*)(.*)$/s.exec(text) ?? []
  return domain === undefined ? 'scheme is missing or invalid' : (trustDomainFault(domain) ?? pathFault(path))
}

/** null: it is a trust domain. */
export function trustDomainFault(text: string): string | null {
  if (text === '') return 'trust domain is missing'
  if (/^[a-z0-9._-]+$/.test(text)) return null
  return 'trust domain characters are limited to lowercase letters, numbers, dots, dashes, and underscores'
}

/** null: it is the path of a SPIFFE id; none is one too. */
export function pathFault(text: string): string | null {
  if (text === '') return null
  if (!text.startsWith('/')) return 'path must have a leading slash'
  if (text.endsWith('/')) return 'path cannot have a trailing slash'
  for (const segment of text.slice(1).split('/')) {
    if (segment === '') return 'path cannot contain empty segments'
    if (segment === '.' || segment === '..') return 'path cannot contain dot segments'
    if (!/^[A-Za-z0-9._-]+$/.test(segment)) {
      return 'path segment characters are limited to letters, numbers, dots, dashes, and underscores'
    }
  }
  return null
}
