/** `vmeshctl lint`: checks files without a control plane; every fault with file, line and column. */
import { type CommandNode, command } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import {
  type DocumentFault,
  documentFaultText,
  inOrderOfLines,
  type ResourceDocument,
  readDocuments,
} from '../apply/documents.ts'
import { json, OUTPUT_OPTION } from '../output.ts'
import { MESH_OPTION, TARGET_OPTIONS } from '../target.ts'
import { pairsOf } from '../words.ts'
import type { World } from '../world.ts'
import { FILE_ARGUMENTS, FILE_OPTIONS, sourcesOf } from './apply.ts'

const { file: _, ...FILE_FLAGS } = FILE_OPTIONS

export function lintCommand(world: World): CommandNode {
  return command({
    name: 'lint',
    doc: 'check files without a control plane',
    arguments: FILE_ARGUMENTS,
    options: {
      ...TARGET_OPTIONS,
      ...MESH_OPTION,
      ...FILE_FLAGS,
      file: { ...FILE_OPTIONS.file, doc: 'As FILE.' },
      output: {
        ...OUTPUT_OPTION.output,
        default: 'text',
        choices: ['text', 'json'],
        doc: 'text, or json for editors.',
      },
      strict: { type: 'switch', doc: 'Warnings count as faults.' },
    },
    notes: 'Exit code 1 when there is a fault. Faults go to standard output, FILE:LINE:COLUMN first.',
    run: async ({ options, args }) => {
      const sources = sourcesOf(options.file, args.files)
      const { unknownFields, acceptUnenforced, recursive: isRecursive } = options
      const variables = pairsOf(options.var, '--var')
      const mesh = options.mesh ?? 'default'
      const reading = { sources, isRecursive, variables, unknownFields, acceptUnenforced, mesh }
      const read = await readDocuments(reading, world)
      const warnings = read.documents.flatMap(warningsOf)
      const all = [
        ...read.faults.map(fault => ({ ...fault, severity: 'error' })),
        ...warnings.map(fault => ({ ...fault, severity: 'warning' })),
      ]
      const found = inOrderOfLines(all, read.files)
      if (options.output === 'json') {
        const items = found.map(({ place, message, severity }) => ({ ...place, severity, message }))
        world.out(json({ documents: read.count, items }))
      } else {
        for (const { severity, ...fault } of found) {
          const remark = severity === 'warning' ? { ...fault, message: `warning: ${fault.message}` } : fault
          world.out(`${documentFaultText(remark, true)}\n`)
        }
      }
      const isGood = read.faults.length === 0 && (warnings.length === 0 || !options.strict)
      return isGood ? EXIT.ok : EXIT.failed
    },
  })
}

function warningsOf(document: ResourceDocument): readonly DocumentFault[] {
  return [
    ...document.warnings.map(message => ({ place: document.place(''), message })),
    ...document.unenforced.map(({ field, message }) => ({
      place: document.place(field),
      message: `${field === '' ? document.kind.type : field} is stored and not enforced yet: ${message}`,
    })),
  ]
}
