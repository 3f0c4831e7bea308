/**
 * A program's settings as one table: name, type, default and meaning. Values come from the defaults, a YAML file,
 * environment variables and flags, the later ones winning; all faults are answered at once, unknown names with the
 * known name that is nearest. The environment variable of `apiServer.http.port` is `VMESH_API_SERVER_HTTP_PORT`.
 */
import { CodedError } from './errors.ts'
import { EXIT } from './process/exit-codes.ts'
import { flatten, type SettingsFile } from './settings/file.ts'
import { type ForeignName, foreignFault, foreignOf } from './settings/foreign.ts'
import { flagOf, PREFIX, variableOf } from './settings/names.ts'
import { type Checked, checkSetting, type Setting, type ValueOf } from './settings/value.ts'
import { firstFew, moreFaults } from './text/first-few.ts'
import { didYouMean } from './text/nearest.ts'

export type { SettingsFile } from './settings/file.ts'
export { flagOf, variableOf } from './settings/names.ts'
export type { Setting } from './settings/value.ts'

/** By dotted name: `apiServer.http.port`. */
export type SettingsTable = Readonly<Record<string, Setting>>

/** By dotted name. Durations are milliseconds; a setting whose default is null may be null. */
export type Settings<T extends SettingsTable> = { readonly [Name in keyof T]: ValueOf<T[Name]> }

export type FlagValue = string | readonly string[] | undefined

export interface SettingsSources<T extends SettingsTable> {
  readonly file?: SettingsFile | undefined
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** By setting, as typed; undefined or an empty list: not given. */
  readonly flags?: { readonly [Name in keyof T]?: FlagValue }
  /** Variables with our prefix that belong to somebody else and are not reported; `VMESH_X_*` stands for many. */
  readonly otherVariables?: readonly string[]
  /** Settings of another program that may stand in the file. */
  readonly foreign?: readonly ForeignName[]
}

export interface SettingFault {
  /** For people: `vmesh.yaml:12 apiServer.http.port`, `VMESH_DATA_DIR`, `--data-dir`. */
  readonly where: string
  /** What is wrong and what is accepted. */
  readonly message: string
}

export type SettingsResult<T extends SettingsTable> =
  | {
      readonly ok: true
      readonly values: Settings<T>
      /** Where each value that is not the default came from, by setting: as `where` of a fault. */
      readonly origins: Readonly<Record<string, string>>
    }
  | { readonly ok: false; readonly faults: readonly SettingFault[] }

/** Keeps the exact types of the table, which `readSettings` infers its result from. */
export function defineSettings<const T extends SettingsTable>(table: T): T {
  return table
}

/** Throws a plain error when a default of the table itself is wrong. */
export function readSettings<T extends SettingsTable>(
  table: T,
  sources: SettingsSources<T>,
): SettingsResult<T> {
  const faults: SettingFault[] = []
  const values: Record<string, unknown> = defaultsOf(table)
  const origins: Record<string, string> = {}
  const take = (name: string, where: string, checked: Checked): void => {
    if (!checked.ok) faults.push({ where, message: checked.message })
    else {
      values[name] = checked.value
      origins[name] = where
    }
  }
  if (sources.file !== undefined) fromFile(table, sources.file, sources.foreign ?? [], take, faults)
  fromEnvironment(table, sources.environment ?? {}, sources.otherVariables ?? [], take, faults)
  for (const [name, given] of Object.entries<FlagValue>(sources.flags ?? {})) {
    const setting = table[name]
    const isGiven = given !== undefined && !(Array.isArray(given) && given.length === 0)
    if (!isGiven || setting === undefined) continue
    take(name, flagOf(name), checkSetting(setting, given, 'text'))
  }
  // every name of the table was given a value of its type
  return faults.length > 0 ? { ok: false, faults } : { ok: true, values: values as Settings<T>, origins }
}

/** Throws `settings.invalid` (exit code 78), one fault a line, for those who have nothing else to do with faults. */
export function settingsOrThrow<T extends SettingsTable>(result: SettingsResult<T>): Settings<T> {
  if (result.ok) return result.values
  const lines = result.faults.map(fault => `${fault.where}: ${fault.message}`)
  const message =
    lines.length === 1
      ? (lines[0] ?? '')
      : `${lines.length} settings are wrong:\n${firstFew(lines, moreFaults)
          .map(line => `  ${line}`)
          .join('\n')}`
  throw new CodedError('settings.invalid', message, { details: { exitCode: EXIT.configuration } })
}

function defaultsOf(table: SettingsTable): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(table)) {
    if (setting.default === null) values[name] = null
    else {
      const checked = checkSetting(setting, setting.default, 'value')
      if (!checked.ok) throw new Error(`the default of ${name} in the table is wrong: ${checked.message}`)
      values[name] = checked.value
    }
  }
  return values
}

function fromFile(
  table: SettingsTable,
  file: SettingsFile,
  foreign: readonly ForeignName[],
  take: (name: string, where: string, checked: Checked) => void,
  faults: SettingFault[],
): void {
  for (const entry of flatten(file, new Set(Object.keys(table)), foreign)) {
    const setting = table[entry.name]
    const row = setting === undefined ? foreignOf(foreign, entry.name) : undefined
    const fault = entry.fault ?? (row === undefined ? null : foreignFault(row, entry.value))
    if (fault !== null) faults.push({ where: entry.where, message: fault })
    else if (setting !== undefined) take(entry.name, entry.where, checkSetting(setting, entry.value, 'value'))
  }
}

/** An empty variable counts as not set: unit files and shells cannot always leave one out. */
function fromEnvironment(
  table: SettingsTable,
  environment: Readonly<Record<string, string | undefined>>,
  others: readonly string[],
  take: (name: string, where: string, checked: Checked) => void,
  faults: SettingFault[],
): void {
  const nameOfVariable = new Map(Object.keys(table).map(name => [variableOf(name), name]))
  for (const [variable, text] of Object.entries(environment)) {
    if (text === undefined || text === '' || !variable.startsWith(PREFIX)) continue
    const name = nameOfVariable.get(variable)
    if (name === undefined && others.some(other => covers(other, variable))) continue
    const setting = name === undefined ? undefined : table[name]
    if (name === undefined || setting === undefined) {
      const message = `there is no such setting${didYouMean(variable, nameOfVariable.keys())}`
      faults.push({ where: variable, message })
    } else take(name, variable, checkSetting(setting, text, 'text'))
  }
}

function covers(pattern: string, variable: string): boolean {
  return pattern.endsWith('*') ? variable.startsWith(pattern.slice(0, -1)) : variable === pattern
}
