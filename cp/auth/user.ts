/** Who asks the HTTP API, under Kuma's names (kuma-api 1.3 and 7.4). */

export interface User {
  readonly name: string
  readonly groups: readonly string[]
}

export const ADMIN = 'mesh-system:admin'
export const AUTHENTICATED = 'mesh-system:authenticated'
export const UNAUTHENTICATED = 'mesh-system:unauthenticated'

export const ADMIN_USER: User = { name: ADMIN, groups: [ADMIN, AUTHENTICATED] }
export const ANONYMOUS: User = { name: 'mesh-system:anonymous', groups: [UNAUTHENTICATED] }

export function isAdmin(user: User): boolean {
  return user.name === ADMIN || user.groups.includes(ADMIN)
}

export function isAnonymous(user: User): boolean {
  return user.groups.includes(UNAUTHENTICATED)
}

/** As messages show a user: `name/group1,group2`. */
export function userText(user: User): string {
  return `${user.name}/${user.groups.join(',')}`
}
