/**
 * What `apply` and `diff` say of each document: a line as kumactl's, the difference, or one JSON value at the end with the
 * same in its members (`vmeshctl help json`). Refusals go to standard error in any case.
 */

import { isMeshMissing, type Problem, problemTitle, refusalCode } from '../errors.ts'
import { at, json, list } from '../output.ts'
import { formalLabelOf, labelOf } from '../resources.ts'
import { coloured, resourceDiff } from '../show/changes.ts'
import type { Warnings } from '../warnings.ts'
import type { World } from '../world.ts'
import { affectedText, deletionText } from './affected.ts'
import { type DocumentFault, lineText, type Place, type ResourceDocument } from './documents.ts'
import { labelRemarks } from './labels.ts'
import type { Leftover } from './prune.ts'
import type { Put } from './put.ts'

export interface ReportOptions {
  readonly isDryRun: boolean
  readonly style: 'lines' | 'lines and differences' | 'differences' | 'json'
}

export class Report {
  readonly #items: object[] = []
  readonly #faults: object[] = []
  readonly #applied: object[] = []
  readonly #problems: Problem[] = []
  readonly #options: ReportOptions
  readonly #warnings: Warnings
  readonly #world: World

  constructor(options: ReportOptions, warnings: Warnings, world: World) {
    this.#options = options
    this.#warnings = warnings
    this.#world = world
  }

  /** Of the documents that were refused. */
  get exitCode(): number {
    return refusalCode(this.#problems)
  }

  /** `note`: what a reader has to know of this outcome. */
  put(document: ResourceDocument, put: Put, note = ''): void {
    const { kind, mesh, name } = document
    const { isDryRun, style } = this.#options
    const isUnchanged = put.outcome === 'Unchanged'
    const remarks = [isDryRun ? 'dry run' : '', note].filter(one => one !== '').join('; ')
    this.#line(`${formalLabelOf(kind, mesh, name)} ${put.outcome}${remarks === '' ? '' : ` (${remarks})`}\n`)
    if (style.endsWith('differences') && !isUnchanged) {
      const diff = resourceDiff(kind, labelOf(kind, mesh, name), put.before, put.after)
      this.#world.out(coloured(diff, this.#world))
    }
    if (isDryRun && !isUnchanged && note === '') this.#line(affectedText(at(put.preview, 'affected')))
    const labels = labelRemarks(document, put.before, !isUnchanged)
    const all = [...new Set([...document.warnings, ...put.warnings])]
    // what is stored already was said when it was stored, but what is left out is left out every time
    this.#warn(document, [...(isUnchanged ? all.filter(isLoss) : all), ...labels])
    this.#items.push(itemOf(document, isDryRun ? put : { ...put, preview: null }, [...all, ...labels], note))
  }

  /** Only the file was looked at. */
  valid(document: ResourceDocument): void {
    const { kind, mesh, name, warnings } = document
    this.#line(`${formalLabelOf(kind, mesh, name)} valid (not sent)\n`)
    this.#warn(document, warnings)
    this.#items.push({ ...identityOf(document), outcome: 'valid', warnings })
  }

  refused(document: ResourceDocument, problem: Problem): void {
    const { kind, mesh, name } = document
    const title = problemTitle(problem, mesh)
    this.#world.err(
      `${lineText(placeOf(document, problem))}: ${formalLabelOf(kind, mesh, name)}: failed server side: ${title}\n${faultLines(document, problem)}`,
    )
    this.#problems.push(problem)
    this.#items.push({ ...identityOf(document), outcome: 'refused', reason: title })
    this.#faults.push(...faultsOf(document, problem))
  }

  /** Of files, before anything was sent. */
  faults(faults: readonly DocumentFault[]): void {
    this.#faults.push(...faults.map(({ place, message }) => ({ ...place, message })))
  }

  /** `answer`: of the deletion, or of its dry run. */
  deleted({ kind, mesh, name }: Leftover, answer: unknown): void {
    const { isDryRun } = this.#options
    this.#line(`${formalLabelOf(kind, mesh, name)} Deleted${isDryRun ? ' (dry run)' : ''}\n`)
    if (isDryRun && answer !== undefined) this.#line(deletionText(answer))
    const warnings = list(at(answer, 'warnings')).map(String)
    if (!isDryRun) for (const warning of warnings) this.#warnings.add(labelOf(kind, mesh, name), warning)
    const told = warnings.length === 0 ? {} : { warnings }
    this.#items.push({ type: kind.type, mesh, name, outcome: 'deleted', ...told, ...previewOf(answer) })
  }

  notDeleted({ kind, mesh, name }: Leftover, reason: string): void {
    this.#world.err(`${formalLabelOf(kind, mesh, name)} cannot be deleted: ${reason}\n`)
    this.#items.push({ type: kind.type, mesh, name, outcome: 'refused', reason })
  }

  /** `sentence`: what `all`, the answers of the control plane for the commits of a mesh, mean. */
  applied(mesh: string, all: readonly unknown[], sentence: string): void {
    this.#line(`mesh ${JSON.stringify(mesh)}: ${sentence}\n`)
    this.#applied.push(...all.map(one => ({ mesh, ...Object.fromEntries(Object.entries(one ?? {})) })))
  }

  /** Once, at the end, whatever has happened. */
  end(isQuiet: boolean): void {
    const { isDryRun, style } = this.#options
    if (style === 'differences') return
    if (style !== 'json') return this.#warnings.say(this.#world, isQuiet)
    const [items, faults, applied] = [this.#items, this.#faults, this.#applied]
    this.#world.out(json({ dryRun: isDryRun, items, faults, ...(applied.length === 0 ? {} : { applied }) }))
  }

  #line(words: string): void {
    if (this.#options.style.startsWith('lines')) this.#world.out(words)
  }

  #warn(document: ResourceDocument, sentences: readonly string[]): void {
    for (const sentence of sentences) this.#warnings.add(lineText(document.place('')), sentence)
  }
}

/** For JSON: which document, what came of it, and what its dry run told. */
function itemOf(
  document: ResourceDocument,
  { outcome, version, preview }: Put,
  warnings: readonly string[],
  note = '',
): object {
  return {
    ...identityOf(document),
    outcome: outcome.toLowerCase(),
    ...(note === '' ? {} : { note }),
    ...(version === '' ? {} : { version }),
    ...(warnings.length === 0 ? {} : { warnings }),
    ...previewOf(preview),
  }
}

/** For JSON: each fault with its place in the file. */
function faultsOf(document: ResourceDocument, problem: Problem): readonly object[] {
  const { faults } = problem
  if (faults.length === 0)
    return [{ ...placeOf(document, problem), message: problemTitle(problem, document.mesh) }]
  return faults.map(({ field, reason }) => ({
    ...document.place(field),
    message: field === '' ? reason : `${field}: ${reason}`,
  }))
}

/** Of the whole problem. */
function placeOf({ place }: ResourceDocument, problem: Problem): Place {
  return place(isMeshMissing(problem) ? 'mesh' : '')
}

/** One a line, indented. */
function faultLines({ place }: ResourceDocument, { faults }: Problem): string {
  const lines = faults.map(
    ({ field, reason }) => `  ${lineText(place(field))}: ${field === '' ? reason : `${field}: ${reason}`}\n`,
  )
  return lines.join('')
}

function identityOf({ kind, mesh, name, place }: ResourceDocument): object {
  const { file, line } = place('')
  return { type: kind.type, mesh, name, file, line }
}

function previewOf(answer: unknown): object {
  const [changes, affected] = [at(answer, 'changes'), at(answer, 'affected')]
  return {
    ...(changes === undefined ? {} : { changes: list(changes) }),
    ...(affected === undefined ? {} : { affected }),
  }
}

function isLoss(warning: string): boolean {
  return warning.startsWith('unknown field')
}
