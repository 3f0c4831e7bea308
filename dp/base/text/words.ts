/** `apiServer.caCertFile` → `api-server-ca-cert-file`: the spelling of flags, and in capitals of variables. */
export function separateWords(name: string, separator: '-' | '_'): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, `$1${separator}$2`)
    .replaceAll('.', separator)
    .toLowerCase()
}
