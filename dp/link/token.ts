/** The data plane token as it travels. */
import { CodedError } from '#base/errors.ts'

/** Throws `link.token`: one that cannot travel in a header would end the process. */
export function checkToken(token: string): string {
  if (/^[\x21-\x7e]*$/.test(token)) return token
  const help = 'the file of --dataplane-token-file must hold the token alone, in one line'
  throw new CodedError('link.token', `the data plane token is not one word of letters and digits: ${help}`)
}
