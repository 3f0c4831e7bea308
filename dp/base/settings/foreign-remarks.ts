/** Settings and variables of another program that are left out → what a person should know of each. */
import { flatten, type SettingsFile } from './file.ts'
import { covers, type ForeignName, foreignOf, isEmpty, isFine, variablesOf } from './foreign.ts'
import { variableOf } from './names.ts'

/** One sentence each: `kuma.yaml:3 xdsServer: …`. Values that say what this program does anyway need none. */
export function foreignRemarks(
  rows: readonly ForeignName[],
  ownNames: readonly string[],
  sources: {
    readonly file?: SettingsFile | undefined
    readonly environment: Readonly<Record<string, string | undefined>>
    /** Of the other program's variables: `KUMA_`. */
    readonly prefix: string
  },
): string[] {
  const entries = sources.file === undefined ? [] : flatten(sources.file, new Set(ownNames), rows)
  const ofFile = entries.flatMap(({ name, value, where }) => {
    const row = ownNames.includes(name) ? undefined : foreignOf(rows, name)
    return row?.fate === 'idle' && !isEmpty(value) ? [`${where}: ${row.why}`] : []
  })
  const ofEnvironment = Object.entries(sources.environment).flatMap(([variable, text = '']) => {
    const row = rows.find(one =>
      variablesOf(one, sources.prefix).some(pattern => pattern === variable || covers(pattern, variable)),
    )
    return row === undefined || text === '' || isFine(row, text) ? [] : [`${variable}: ${notRead(row)}`]
  })
  return [...ofFile, ...ofEnvironment]
}

function notRead(row: ForeignName): string {
  if (row.fate === 'taken') return `is not read here; set ${variableOf(row.as ?? row.name)}`
  if (row.fate === 'renamed') return `is not read here; set ${variableOf(row.as)}`
  return row.why
}
