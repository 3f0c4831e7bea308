/**
 * Writes REFERENCE.md: every kind, every field and every reason code, from the docs that the code itself carries.
 *
 *   node scripts/reference.ts           writes it
 *   node scripts/reference.ts --print   to standard output
 */
import { writeFileSync } from 'node:fs'
import { describeMarkdown } from '../cp/kinds/describe.ts'
import { defineKind } from '../cp/kinds/kind.ts'
import { kinds } from '../cp/kinds/registry.ts'
import { targetRefSchema } from '../cp/kinds/target-ref.ts'
import { limitsMarkdown } from '../dp/apply/limit-settings.ts'
import { REASONS } from '../dp/errors.ts'

/** What all policies share is told once. */
const SHARED_ROW = /^\| `[^`]*\btargetRef\./

const targetRef = defineKind({
  type: 'targetRef',
  path: '',
  scope: 'Mesh',
  encoding: 'flat',
  schema: targetRefSchema,
  doc: 'What a policy is for, or whose calls it speaks of. Which kinds a place admits is told with its field.',
})

const describe = (text: string): string =>
  text
    .split('\n')
    .filter(line => !SHARED_ROW.test(line))
    .join('\n')

const text = [
  '# Reference',
  '',
  'All kinds, and at the end the [limits](#limits-of-the-data-plane) of the data plane and the',
  '[reason codes](#reason-codes) of calls that the mesh refuses or fails.',
  '',
  'Made from the kinds by `scripts/reference.ts`; the same texts are shown by `vmeshctl explain KIND.FIELD` and in',
  '`/openapi.json`. Names may be written in camelCase or snake_case. Durations are Go durations (`1m30s`).',
  '',
  kinds.map(({ type }) => `[${type}](#${type.toLowerCase()})`).join(' · '),
  '',
  ...kinds.map(kind => describe(describeMarkdown(kind))),
  // it has no path and no words of its own
  describeMarkdown(targetRef).replace(/\n- API:[\s\S]*?\n\n/, '\n'),
  '## Limits of the data plane',
  '',
  'Set by `vmesh-dp run --limit NAME=VALUE`, which may be repeated, or `VMESH_LIMIT=NAME=VALUE,…`. `http2.` is for HTTP/2',
  'with clients, applications and others, `trunk.` for the connections between data planes. Times hold to within a second.',
  '`--max-clients`, `--max-calls` and `--max-memory-mb` are flags of their own.',
  '',
  limitsMarkdown(),
  '',
  '## Reason codes',
  '',
  'Why the mesh itself refuses or fails a call: an HTTP answer that it makes bears the code as `x-vmesh-reason`; a TCP',
  'connection is closed. `vmesh-dp status` counts both as `errors.CODE`. `x-vmesh-policy` names the policy that decided, as',
  '`KIND/NAME`, on redirects too. `mirrorsLost` counts copies of requests that a mirror did not get, or not whole.',
  '',
  '| Code | HTTP status | What it means, and where to look |',
  '|---|---|---|',
  ...Object.entries(REASONS).map(([code, { status, doc }]) => `| \`${code}\` | ${status} | ${doc} |`),
  '',
].join('\n')

if (process.argv.includes('--print')) process.stdout.write(text)
else writeFileSync(new URL('../REFERENCE.md', import.meta.url), text)
