/**
 * Writes the tables of UPGRADE.md: kuma-cp's settings, its flags and those of kuma-dp, from the tables that the programs
 * themselves go by.
 *
 *   node scripts/upgrade.ts           writes them
 *   node scripts/upgrade.ts --print   the whole document to standard output
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { KUMA_CP_FLAGS, KUMA_CP_SETTINGS } from '../cp/from-kuma/settings.ts'
import { type ForeignName, variablesOf } from '../dp/base/settings/foreign.ts'
import { flagOf } from '../dp/base/settings.ts'
import { KUMA_DP_FLAGS } from '../dp/from-kuma/flags.ts'

const START = '<!-- below: made by scripts/upgrade.ts -->'
const FILE = new URL('../UPGRADE.md', import.meta.url)

const text = [
  START,
  '',
  '## Settings of kuma-cp',
  '',
  'A file for `kuma-cp run --config-file` works for `vmesh-cp run --config-file` where this table says taken; what is not',
  'needed is left out with a warning in the log, what is refused stops the start. Variables `KUMA_…` and `KMESH_…` are not',
  'read: the log says which one of `VMESH_…` is meant. Of `taken`, the defaults are those of `vmesh-cp run --help`.',
  '',
  ...table('Setting', KUMA_CP_SETTINGS, name => `\`${name}\``),
  '',
  '## Flags of kuma-cp',
  '',
  '`--config-file`, `-c` and `--log-level` are taken (`off` is called `silent`). `kuma-cp migrate up` is taken and does',
  'nothing.',
  '',
  ...table('Flag', KUMA_CP_FLAGS, name => `\`--${name}\``),
  '',
  '## Flags of kuma-dp run',
  '',
  'What is not needed is left out with a line on standard error, so that a unit file goes on working. Variables of kuma-dp are',
  'not read: the log says which one of `VMESH_…` is meant. `kuma-dp wait` is not needed: `systemctl start` waits until the',
  'data plane is ready.',
  '',
  ...table('Flag', KUMA_DP_FLAGS, name => (name === '' ? '–' : `\`--${name}\``)),
  '',
].join('\n')

const document = `${readFileSync(FILE, 'utf8').split(START)[0]}${text}`
if (process.argv.includes('--print')) process.stdout.write(document)
else writeFileSync(FILE, document)

function table(
  head: string,
  rows: readonly ForeignName[],
  shown: (name: string) => string,
): readonly string[] {
  return [
    `| ${head} | Variable | Here |`,
    '|---|---|---|',
    ...rows.map(row => {
      const variables = variablesOf(row, 'KUMA_').map(one => `\`${one}\``)
      return `| ${shown(row.name)} | ${variables.join(', ') || '–'} | ${fateText(row)} |`
    }),
  ]
}

function fateText(row: ForeignName): string {
  switch (row.fate) {
    case 'taken':
      return row.as === undefined || flagOf(row.as) === `--${row.name}` ? 'taken' : `taken: \`${row.as}\``
    case 'renamed':
      return `is called \`${row.as}\``
    case 'idle':
      return `not needed: ${row.why}`
    case 'refused':
      return `refused${row.fine === undefined ? '' : `, except \`${row.fine.map(String).join('`, `')}\``}: ${row.why}`
  }
}
