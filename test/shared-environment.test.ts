/** The settings of both daemons side by side: on one host they may share an environment. */
import t from 'tap'
import { CP_SETTINGS, readCpSettings } from '../cp/config.ts'
import { variableOf } from '../dp/base/settings.ts'
import { DP_SETTINGS, readDpSettings } from '../dp/config.ts'

t.test('no variable of one program stops the other, and a misspelt one stops both', async t => {
  const shared = Object.keys(CP_SETTINGS).filter(name => name in DP_SETTINGS)
  t.same(shared, ['logLevel'], 'what both have is the same setting')
  const variables = [...Object.keys(CP_SETTINGS), ...Object.keys(DP_SETTINGS)].map(variableOf)
  const own = (variable: string, table: object): boolean =>
    Object.keys(table).map(variableOf).includes(variable)
  for (const variable of variables) {
    process.env[variable] = 'x'
    if (!own(variable, DP_SETTINGS)) t.doesNotThrow(() => readDpSettings({}), variable)
    if (!own(variable, CP_SETTINGS)) t.doesNotThrow(() => readCpSettings({}, undefined), variable)
    delete process.env[variable]
  }
  process.env['VMESH_DRAIN_TMIE'] = '1s'
  t.throws(
    () => readDpSettings({}),
    /VMESH_DRAIN_TMIE: there is no such setting; did you mean VMESH_DRAIN_TIME\?/,
  )
  t.throws(() => readCpSettings({}, undefined), /VMESH_DRAIN_TMIE: there is no such setting/)
  delete process.env['VMESH_DRAIN_TMIE']
})
