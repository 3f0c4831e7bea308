/** Settings as options of a command: their documentation, default and variable show in `--help`. */
import type { OptionSpec } from '../command-line.ts'
import { type SettingsTable, variableOf } from '../settings.ts'
import { separateWords } from '../text/words.ts'
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
  short: { readonly [One in NoInfer<Name>]?: string } = {},
): { readonly [One in Name]: OptionOf<T[One]> } {
  const options: Record<string, OptionSpec> = {}
  for (const name of names) {
    const setting = table[name]
    if (setting === undefined) continue
    const isEmpty = setting.default === null || setting.default.toString() === ''
    const byDefault = isEmpty ? '' : `, default ${defaultText(setting)}`
    const words = setting.type === 'enum' ? ` One of ${setting.values.join(', ')}.` : ''
    const letter = short[name] === undefined ? {} : { short: short[name] }
    options[name] = {
      type: setting.type === 'list' ? 'list' : 'text',
      value: valueName(name, setting),
      doc: `${setting.doc}${words} (${variableOf(name)}${byDefault})`,
      ...letter,
    }
  }
  // made for exactly these names, list for list
  return options as { readonly [One in Name]: OptionOf<T[One]> }
}

/** Values bear the last word of the setting: `caCertFile` takes a FILE. */
function valueName(name: string, setting: Setting): string {
  if (setting.type === 'boolean') return 'true|false'
  if (setting.type === 'duration') return 'DURATION'
  return separateWords(name, '-').split('-').at(-1)?.toUpperCase() ?? 'VALUE'
}
