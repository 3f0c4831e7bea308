/** Which writes a question is about: `1-7,1-9..1-12`, each a commit as an ETag has it, or the first and the last of some. */
import { compareVersions, formatVersion, type Version } from '#contract/snapshot.ts'
import type { Commits } from './parts.ts'

const FORM = 'must be EPOCH-REVISION, as in the ETag of a write, or several with commas, or FIRST..LAST'
const ITEM = /^"?(\d{1,15})-(\d{1,15})"?(?:\.\."?(\d{1,15})-(\d{1,15})"?)?$/

export interface Asked {
  /** null: all that was ever written. */
  readonly commits: readonly Commits[] | null
  /** Of the last of them. */
  readonly version: Version
}

/** A text says what is wrong. `text` null: all that is stored. */
export function readAsked(text: string | null, now: Version): Asked | string {
  if (text === null) return { commits: null, version: now }
  const commits: Commits[] = []
  let isOfNow = true
  let last: Version = { epoch: 0, revision: 0 }
  for (const item of text.split(',')) {
    const match = ITEM.exec(item)
    if (match === null) return FORM
    const [, epoch, revision, toEpoch = epoch, toRevision = revision] = match
    const [from, to] = [
      { epoch: Number(epoch), revision: Number(revision) },
      { epoch: Number(toEpoch), revision: Number(toRevision) },
    ]
    if (compareVersions(from, to) > 0) return FORM
    if (compareVersions(to, now) > 0)
      return `there is no ${formatVersion(to)} yet: the last commit is ${formatVersion(now)}`
    isOfNow &&= from.epoch === now.epoch
    commits.push({ from: from.revision, to: to.revision })
    if (compareVersions(to, last) > 0) last = to
  }
  // of what was written before a restore it is not known any more what it changed
  return { commits: isOfNow ? commits : null, version: last }
}
