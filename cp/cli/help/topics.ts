/** Pages of `vmeshctl help` that belong to no command. */

import { flagOf } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import { table } from '../output.ts'
import { MESH_OPTION, TARGET_OPTIONS } from '../target.ts'

/** `diff` found that something would change: not a failure, and not nothing. */
export const EXIT_DIFFERS = 2

/** The same fault has the same code in all commands. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.ok, 'done, or nothing to do'],
  [
    EXIT.failed,
    'no: the control plane refuses it, there is no such resource, a document has a fault or its file is not there, a data plane refuses what was waited for',
  ],
  [EXIT_DIFFERS, 'diff: something would change, and nothing is wrong'],
  [EXIT.usage, 'the command line is wrong: a command, kind, flag or value that there is not'],
  [
    EXIT.temporary,
    'try again: the control plane cannot be reached or is not ready, or what was waited for has not come in time',
  ],
  [
    EXIT.configuration,
    'vmeshctl is set up wrongly: its config file, context, address, certificate, token, or the rights of that token',
  ],
]

const JSON_SHAPES = `-o json prints one JSON value, whatever the exit code; what went wrong is on standard error, too.

get, history, status, inspect
  What the HTTP API answers: a resource, or {"items": […], "total": N, "next": null}.
apply, diff
  {"dryRun": true|false, "items": […], "faults": […], "applied": […]}
  items    one a document, in the order of the work, then what --prune deleted:
           type, mesh, name; file and line of the document;
           outcome   created, updated, unchanged, deleted, refused; valid of --dry-run=client
           version   EPOCH-REVISION of what was written, or is stored unchanged
           changes   of a dry run and of diff: [{"op": "add|remove|replace", "path": "/spec/…", "value": …, "before": …}],
                     JSON pointers; values of secrets are left out
           affected  of --dry-run: {"total": N, "dataplanes": [{"mesh", "name", "isConnected", "sections"}]}
           warnings  sentences; --quiet does not take them away here
           reason    of refused; note: what is yet to come before it, where a dry run cannot know
  faults   of documents, and of files that cannot be read: file, line, column where there is one, and message
  applied  of --wait, each mesh: mesh, isComplete, total, acknowledged, pending: [{"mesh", "name", "state", "reason"}]
lint
  {"documents": N, "items": [{"file", "line", "column", "severity": "error|warning", "message"}]}
version
  {"client": {"product", "version"}, "server": what the control plane says of itself, or null}
`

/** By name, as text. */
export const TOPICS: Readonly<Record<string, string>> = {
  'exit-codes': table(
    ['CODE', 'MEANING'],
    EXIT_CODES.map(([code, meaning]) => [String(code), meaning]),
  ),
  json: JSON_SHAPES,
  global: table(
    ['OPTION', 'MEANING'],
    Object.entries(TARGET_OPTIONS).map(([key, spec]) => [
      spec.type === 'switch' ? flagOf(key) : `${flagOf(key)}=${spec.value}`,
      spec.doc,
    ]),
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
