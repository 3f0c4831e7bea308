/** How a setting is called where it is given: `apiServer.http.port`, as a variable and as a flag. */
import { separateWords } from '../text/words.ts'

export const PREFIX = 'VMESH_'

/** `apiServer.http.port` → `VMESH_API_SERVER_HTTP_PORT`. */
export function variableOf(name: string): string {
  return PREFIX + wordsOf(name)
}

/** `apiServer.http.port` → `API_SERVER_HTTP_PORT`. */
export function wordsOf(name: string): string {
  return separateWords(name, '_').replaceAll('-', '_').toUpperCase()
}

/** `caCertFile` → `--ca-cert-file`. */
export function flagOf(name: string): string {
  return `--${separateWords(name, '-')}`
}
