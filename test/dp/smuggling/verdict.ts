/** What has to be true of the answers of a data plane whatever it was sent. */
import type { Relayed } from './relay.ts'

/** SETTINGS: the client has begun with the preface of HTTP/2, and was refused in its language. */
const HTTP2 = /^\0\0.\x04/
const REFUSAL = /^HTTP\/1\.1 (?:400|408|431|501|505) /

/** Answers that are not the application's: at most one, the last, in words, and the connection ends behind it. */
export function refusalFaults({ answers, ending }: Relayed): string[] {
  const faults: string[] = []
  if (ending === 'closed') faults.push('the connection did not end')
  const own = answers.split(/(?=HTTP\/1\.1 \d{3} )/).filter(answer => !answer.includes('x-recorded: yes'))
  const last = own.pop() ?? ''
  if (last === '' || HTTP2.test(last)) return faults
  if (own.length > 0 || !answers.endsWith(last)) faults.push('answers behind a refusal')
  if (!REFUSAL.test(last)) faults.push(`refused with ${last.slice(0, 100)}`)
  if (!last.includes('\r\nconnection: close\r\n')) faults.push('a refusal that does not close')
  return faults
}
