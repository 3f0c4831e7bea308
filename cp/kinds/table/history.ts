/** Revisions of a resource as the API tells them → a table, for the API and the command line. */
import { at, text } from '#base/shape.ts'
import { age, table } from '#base/text/table.ts'
import type { Shown } from './columns.ts'

export function historyTable(items: readonly Shown[], nowMs: number): string {
  return table(
    ['REVISION', 'ACTION', 'AUTHOR', 'TIME', 'AGE'],
    items.map(item => {
      const restored = at(item, 'restoredFrom')
      const action = text(item['action'])
      return [
        String(item['revision']),
        restored === undefined ? action : `${action} from ${String(restored)}`,
        text(item['author']),
        text(item['time']),
        age(item['time'], nowMs),
      ]
    }),
  )
}
