/** Regular expressions: what RE2 takes is taken, what it cannot match in linear time is refused with the reason. */
import t from 'tap'
import { re2Fault, regexViolations } from '../../../cp/kinds/re2.ts'

t.test('takes the syntax of RE2', async t => {
  const patterns = [
    '',
    '^/users/[0-9]+(/.*)?$',
    '(?i)chrome|(?s:a.b)',
    '(?P<year>\\d{4})-(?<month>\\d{1,2})',
    '[[:alpha:]_-]+[^]a]',
    '\\p{Greek}\\pL\\P{^Lu}',
    '\\Q(not a group\\E$',
    '\\Q(',
    '\\x{1F600}\\x41\\012\\.',
    'a{2,}?b*?c??',
    'a{,3}{',
    '[\\d-z][😀-😂]é+',
    '(?:a{10}){100}',
  ]
  for (const pattern of patterns) t.equal(re2Fault(pattern), null, pattern)
})

t.test('says what is not in RE2', async t => {
  const cases: readonly (readonly [string, string])[] = [
    ['a(?=b)', 'look-ahead and look-behind are not supported'],
    ['a(?!b)', 'look-ahead and look-behind are not supported'],
    ['(?<=a)b', 'look-ahead and look-behind are not supported'],
    ['(?<!a)b', 'look-ahead and look-behind are not supported'],
    ['(a)\\1', 'backreference \\1 is not supported'],
    ['(?<n>a)\\k<n>', 'backreference \\k is not supported'],
    ['(?>a)', 'group (?> is not supported'],
    ['a++', 'nested repetition ++ is not supported'],
    ['a{2}{3}', 'nested repetition {2}{3} is not supported'],
    ['a{1001}', 'repeat count of {1001} is over 1000'],
    ['(a{100}){11}', 'repeat count of {11} is over 1000'],
    ['a{3,2}', 'invalid repeat count {3,2}'],
    ['*a', 'nothing to repeat before *'],
    ['(|+)', 'nothing to repeat before +'],
    ['(a', 'missing )'],
    ['a)', 'unexpected )'],
    ['[a', 'missing ]'],
    ['[]', 'missing ]'],
    ['[z-a]', 'range in [ ] is the wrong way round'],
    ['[a-\\d]', 'escape \\d is not supported in [ ]'],
    ['[[:word2:]]', 'unknown character class [:…:]'],
    ['\\p{Klingon}', 'there is no Unicode class Klingon'],
    ['a\\Z', 'escape \\Z is not supported'],
    ['a\\', 'trailing backslash'],
    ['(?<n>a)(?<n>b)', 'two groups are named n'],
    ['('.repeat(2000), 'groups are nested too deeply'],
  ]
  for (const [pattern, reason] of cases) t.equal(re2Fault(pattern), reason, pattern.slice(0, 20))
})

t.test('a violation names the field, none where nothing is set', async t => {
  t.same(regexViolations(undefined, 'path.value'), [])
  t.same(regexViolations('a(?=b)', 'path.value'), [
    {
      field: 'path.value',
      message: 'must be a regular expression in RE2 syntax: look-ahead and look-behind are not supported',
    },
  ])
})
