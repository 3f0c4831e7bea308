/** UPGRADE.md's tables are those that the programs go by, and these speak of settings that there are. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { CP_SETTINGS } from '../../cp/config.ts'
import { KUMA_CP_FLAGS, KUMA_CP_SETTINGS } from '../../cp/from-kuma/settings.ts'
import { foreignOf } from '../../dp/base/settings/foreign.ts'
import { flagOf } from '../../dp/base/settings.ts'
import { DP_SETTINGS } from '../../dp/config.ts'
import { KUMA_DP_FLAGS } from '../../dp/from-kuma/flags.ts'

t.test('UPGRADE.md is what scripts/upgrade.ts writes', async t => {
  const written = execFileSync(process.execPath, ['scripts/upgrade.ts', '--print'], { encoding: 'utf8' })
  t.ok(readFileSync('UPGRADE.md', 'utf8') === written, 'otherwise run: node scripts/upgrade.ts')
})

t.test('what is taken or called otherwise is a setting, what is not is none', async t => {
  for (const row of KUMA_CP_SETTINGS) {
    if (row.fate === 'taken') t.ok(row.name in CP_SETTINGS, row.name)
    else t.notOk(row.name in CP_SETTINGS, `${row.name} is no setting`)
    if (row.fate === 'renamed') t.ok(row.as in CP_SETTINGS, row.as)
    t.equal(foreignOf(KUMA_CP_SETTINGS, row.name), row, `${row.name} is not hidden by another row`)
  }
  const flags = Object.keys(DP_SETTINGS).map(flagOf)
  for (const row of KUMA_DP_FLAGS) {
    if (row.name === '') continue
    t.equal(flags.includes(`--${row.name}`), row.fate === 'taken', `--${row.name}`)
    if (row.fate === 'taken') t.ok((row.as ?? row.name) in DP_SETTINGS, row.name)
  }
  for (const row of KUMA_CP_FLAGS) t.notOk(Object.keys(CP_SETTINGS).map(flagOf).includes(`--${row.name}`))
})
