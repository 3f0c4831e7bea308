/** `vmeshctl lint`: checks files without a control plane; every fault with file, line and column. */
import { type CommandNode, command, usageError } from '#base/command-line.ts'
import { EXIT } from '#base/process/exit-codes.ts'
import {
  type DocumentFault,
  documentFaultText,
  type ResourceDocument,
  readDocuments,
} from '../apply/documents.ts'
import { json, OUTPUT_OPTION } from '../output.ts'
import { MESH_OPTION, TARGET_OPTIONS } from '../target.ts'
import { pairsOf } from '../words.ts'
import type { World } from '../world.ts'
import { FILE_OPTIONS } from './apply.ts'

const { file: _, ...FILE_FLAGS } = FILE_OPTIONS

export function lintCommand(world: World): CommandNode {
  return command({
    name: 'lint',
    doc: 'check files without a control plane',
    arguments: {
      files: { value: 'FILE', doc: 'files, folders, addresses, or -', optional: true, isRepeated: true },
    },
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
      const sources = [...args.files, ...options.file]
      if (sources.length === 0) throw usageError('give files, folders or -')
      const { unknownFields, acceptUnenforced, recursive: isRecursive } = options
      const variables = pairsOf(options.var, '--var')
      const mesh = options.mesh ?? 'default'
      const reading = { sources, isRecursive, variables, unknownFields, acceptUnenforced, mesh }
      const read = await readDocuments(reading, world)
      const warnings = read.documents.flatMap(warningsOf)
      const found = [
        ...read.faults.map(fault => ({ ...fault, severity: 'error' })),
        ...warnings.map(fault => ({ ...fault, severity: 'warning' })),
      ]
      if (options.output === 'json') {
        const items = found.map(({ place, message, severity }) => ({ ...place, severity, message }))
        world.out(json({ documents: read.documents.length, items }))
      } else {
        for (const { severity, ...fault } of found) {
          const remark = severity === 'warning' ? { ...fault, message: `warning: ${fault.message}` } : fault
          world.out(`${documentFaultText(remark, true)}\n`)
        }
      }
      const isGood = read.faults.length === 0 && (warnings.length === 0 || !options.strict)
      if (isGood && read.documents.length === 0)
        throw usageError(`there is no resource in ${sources.join(', ')}`)
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
