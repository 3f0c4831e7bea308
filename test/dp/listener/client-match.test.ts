/** Which clients something is for, by the names in their certificates. */
import t from 'tap'
import type { ClientMatch } from '#contract/client-match.ts'
import { fitsClient } from '../../../dp/listener/client-match.ts'

const WEB = ['spiffe://default/web', 'spiffe://default/web-admin', 'kuma://version/v1']

const CASES: readonly (readonly [name: string, match: ClientMatch, isFit: boolean])[] = [
  ['nothing asked is everybody', {}, true],
  ['one of several names is enough for an exact one', { principals: ['spiffe://default/web'] }, true],
  [
    'all that are asked have to be there',
    { principals: ['spiffe://default/web', 'kuma://version/v2'] },
    false,
  ],
  ['an exact name is no beginning', { principals: ['spiffe://default/we'] }, false],
  ['a beginning is one of characters', { prefixes: ['spiffe://default/we'] }, true],
  ['for each beginning a name', { prefixes: ['spiffe://default/web', 'kuma://team/'] }, false],
  ['an excluded name', { excluded: ['kuma://version/v1'] }, false],
  ['is not one that only begins like it', { excluded: ['kuma://version/v'] }, true],
  ['the server name that was asked for', { sni: 'api' }, true],
  ['not another one', { sni: 'apis' }, false],
]

for (const [name, match, isFit] of CASES) {
  t.test(name, async t => {
    t.equal(fitsClient(match, WEB, 'api'), isFit)
  })
}
