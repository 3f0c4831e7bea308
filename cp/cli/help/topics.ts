/** Pages of `vmeshctl help` that belong to no command. */

import { flagOf } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { table } from '../output.ts'
import { MESH_OPTION, TARGET_OPTIONS } from '../target.ts'

/** `diff` found that something would change: not a failure, and not nothing. */
export const EXIT_DIFFERS = 2

export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.ok, 'done'],
  [EXIT.failed, 'refused by the control plane, not found, or a file has faults'],
  [EXIT_DIFFERS, 'diff: something would change'],
  [EXIT.usage, 'the command line is wrong'],
  [
    EXIT.temporary,
    'the control plane cannot be reached or is not ready, or what was waited for has not come in time: try again',
  ],
  [EXIT.configuration, 'a setting of vmeshctl, its token or a certificate is wrong: a person has to act'],
]

/** By name, as text. */
export const TOPICS: Readonly<Record<string, string>> = {
  'exit-codes': table(
    ['CODE', 'MEANING'],
    EXIT_CODES.map(([code, meaning]) => [String(code), meaning]),
  ),
  environment: table(
    ['VARIABLE', 'MEANING'],
    [
      ...Object.entries({ ...TARGET_OPTIONS, ...MESH_OPTION }).map(([key, { variable }]) => [
        variable,
        `${flagOf(key)}, where that is not given`,
      ]),
      ['NO_COLOR', 'set: no colours'],
    ],
  ),
}
