/** Settings as options of a command: their documentation, default and variable show in `--help`. */
import type { OptionSpec } from '../command-line.ts'
import { type SettingsTable, variableOf } from '../settings.ts'
import { defaultText } from './manual.ts'
import type { Setting } from './value.ts'

type OptionOf<S extends Setting> = S extends { readonly type: 'list' }
  ? Extract<OptionSpec, { type: 'list' }>
  : Omit<Extract<OptionSpec, { type: 'text' }>, 'default' | 'required' | 'choices'>

/**
 * Options for the named settings, or all. What they give goes to `readSettings` as `flags`, which checks it; a
 * boolean is spelt out (`--read-only=true`).
 * @param short letters by setting
 */
export function settingOptions<T extends SettingsTable, Name extends keyof T & string = keyof T & string>(
  table: T,
  names: readonly Name[] = Object.keys(table) as Name[],
  short: { readonly [One in Name]?: string } = {},
): { readonly [One in Name]: OptionOf<T[One]> } {
  const options: Record<string, OptionSpec> = {}
  for (const name of names) {
    const setting = table[name]
    if (setting === undefined) continue
    const byDefault = setting.default === null ? '' : `, default ${defaultText(setting)}`
    const letter = short[name] === undefined ? {} : { short: short[name] }
    options[name] = {
      type: setting.type === 'list' ? 'list' : 'text',
      value: valueName(setting),
      doc: `${setting.doc} (${variableOf(name)}${byDefault})`,
      ...letter,
    }
  }
  // made for exactly these names, list for list
  return options as { readonly [One in Name]: OptionOf<T[One]> }
}

function valueName(setting: Setting): string {
  if (setting.type === 'enum') return setting.values.join('|')
  if (setting.type === 'boolean') return 'true|false'
  return { string: 'TEXT', path: 'PATH', integer: 'N', port: 'PORT', duration: 'DURATION', list: 'TEXT' }[
    setting.type
  ]
}
