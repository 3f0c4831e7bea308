/** The documents under examples/kuma-docs: YAML as Kuma's documentation has it, by file and place. */
import { globSync, readFileSync } from 'node:fs'
import { parseDocuments } from '../../dp/base/yaml.ts'

export interface DocsExample {
  /** `timeout.yaml#2`. */
  readonly place: string
  readonly type: string
  readonly mesh: string
  readonly name: string
  readonly body: Readonly<Record<string, unknown>>
}

export function docsExamples(): readonly DocsExample[] {
  const files = globSync('examples/kuma-docs/*.yaml').sort()
  return files.flatMap(file =>
    parseDocuments(readFileSync(file, 'utf8'), file).map(({ value }, i) => {
      // every document of the folder is a mapping with these; the tests say so where one is not
      const body = value as Readonly<Record<string, unknown>>
      const text = (key: string): string => String(body[key] ?? '')
      const place = `${file.replace(/.*\//, '')}#${i + 1}`
      return { place, type: text('type'), mesh: text('mesh'), name: text('name'), body }
    }),
  )
}
