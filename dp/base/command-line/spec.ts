/** A command line as data: options, arguments, commands. Help and shell completion read it too. */

interface Related {
  /** Keys of options that may not be set as well, by flag or variable. */
  readonly excludes?: readonly string[]
  /** Keys of options whose variables are not looked at where this one is given as a flag. */
  readonly hides?: readonly string[]
}

export type OptionSpec = OptionForm & Related

type OptionForm =
  | {
      readonly type: 'switch'
      readonly doc: string
      readonly short?: string
      /** Environment variable that sets it where the flag is not given; `1` and `true` switch on. */
      readonly variable?: string
    }
  | {
      readonly type: 'text'
      /** How help calls the value: `FILE`. */
      readonly value: string
      readonly doc: string
      /** One letter. */
      readonly short?: string
      readonly default?: string
      readonly required?: true
      readonly choices?: readonly string[]
      /** The value of the bare flag; others are given as `--flag=VALUE` only. */
      readonly implied?: string
      /** Environment variable that gives the value where the flag does not. */
      readonly variable?: string
    }
  /** May be given again and again. */
  | { readonly type: 'list'; readonly value: string; readonly doc: string; readonly short?: string }

/** The key is the flag in camelCase, dots count as dashes: `caCertFile` is `--ca-cert-file`. */
export type OptionTable = Readonly<Record<string, OptionSpec>>

export interface ArgumentSpec {
  /** How help calls it: `KIND`. */
  readonly value: string
  readonly doc: string
  readonly optional?: true
  /** The last one only: takes all words that are left. */
  readonly isRepeated?: true
}

/** In the order of the command line; optional ones last. */
export type ArgumentTable = Readonly<Record<string, ArgumentSpec>>

type OptionValue<S extends OptionSpec> = S extends { type: 'switch' }
  ? boolean
  : S extends { type: 'list' }
    ? readonly string[]
    :
        | (S extends { choices: readonly (infer Choice)[] } ? Choice : string)
        | (S extends { default: string } | { required: true } ? never : undefined)

export type OptionValues<T extends OptionTable> = { readonly [Name in keyof T]: OptionValue<T[Name]> }
export type ArgumentValues<T extends ArgumentTable> = {
  readonly [Name in keyof T]: T[Name] extends { isRepeated: true }
    ? readonly string[]
    : T[Name] extends { optional: true }
      ? string | undefined
      : string
}

export interface CommandSpec<O extends OptionTable, A extends ArgumentTable> {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly doc: string
  readonly arguments?: A
  readonly options?: O
  /** Printed below the help. */
  readonly notes?: string
  /** Answers the exit code, or nothing for 0. */
  run(input: { options: OptionValues<O>; args: ArgumentValues<A> }): Promise<number | undefined>
}

/** One command as the tree holds it. */
export interface CommandNode {
  readonly name: string
  /** Further names, not shown in lists. */
  readonly aliases: readonly string[]
  readonly doc: string
  readonly notes: string
  readonly options: OptionTable
  readonly optionsHelp?: string
  readonly arguments: ArgumentTable
  readonly commands: readonly CommandNode[]
  /** Absent for a group of commands. */
  readonly invoke?: (
    options: Record<string, unknown>,
    args: Record<string, unknown>,
  ) => Promise<number | undefined>
}
