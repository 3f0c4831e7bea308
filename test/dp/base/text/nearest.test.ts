/** Guessing the word that somebody meant. */
import t from 'tap'
import { didYouMean, nearest } from '../../../../dp/base/text/nearest.ts'

t.test('finds the word that was misspelt, and none when nothing is near', async t => {
  const words = ['dataplane', 'dataplanes', 'mesh', 'secret', 'networking']
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['dataplnae', 'dataplane'],
    ['Mesh', 'mesh'],
    ['mehs', 'mesh'],
    ['netwroking', 'networking'],
    ['zone', undefined],
    ['', undefined],
  ]
  for (const [word, expected] of cases) t.equal(nearest(word, words), expected, word)
  t.equal(didYouMean('secrt', words), '; did you mean secret?')
  t.equal(didYouMean('xyzzy', words), '')
})
