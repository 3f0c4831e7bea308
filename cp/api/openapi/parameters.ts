/** Parameters of queries and paths, and headers of requests, by name, as the OpenAPI document describes them. */

const text = { type: 'string' }
const whole = (minimum: number, maximum?: number) => ({
  type: 'integer',
  minimum,
  ...(maximum === undefined ? {} : { maximum }),
})
const yes = { type: 'boolean', default: false }
const query = (name: string, schema: object, description: string, more: object = {}) => ({
  name,
  in: 'query',
  required: false,
  schema,
  description,
  ...more,
})

export const PARAMETERS = {
  size: query('size', { ...whole(1, 1000), default: 100 }, 'Items in the page.'),
  offset: query('offset', { ...whole(0), default: 0 }, 'Index of the first item.'),
  name: query('name', text, 'Only names that contain this.'),
  filter: query(
    'filter',
    { type: 'object', additionalProperties: text },
    'Only resources with these labels: `filter[labels.KEY]=VALUE`.',
    { style: 'deepObject', explode: true },
  ),
  tag: query(
    'tag',
    { type: 'array', items: text },
    'Only resources with these tags, `KEY:VALUE`; a part of the value is enough.',
  ),
  gateway: query(
    'gateway',
    { enum: ['true', 'false', 'builtin', 'delegated'] },
    'Only gateways, none of them, or those of a type.',
  ),
  type: query('type', text, 'Only services of these types, with commas between them.'),
  format: query(
    'format',
    { enum: ['universal', 'kubernetes', 'k8s'], default: 'universal' },
    'How the resource is rendered.',
  ),
  dryRun: query('dryRun', yes, 'Check, say what would change, and write nothing.'),
  affected: query(
    'affected',
    { type: 'boolean', default: true },
    'Of a dry run: also which data planes would change, which takes long in a large mesh.',
  ),
  wait: query(
    'wait',
    { enum: ['applied'] },
    'Answer when every registered data plane whose snapshot the change alters runs it, connected or not; at once when one refuses it, and after `timeout` with 202 and who does not run it. Other data planes do not count.',
  ),
  timeout: query('timeout', { ...text, default: '30s' }, 'How long to wait, a Go duration up to 5m.'),
  version: query(
    'version',
    text,
    'The write: EPOCH-REVISION, as in its ETag; several with commas, `FIRST..LAST` for all between two. Default: all that is stored, so that every data plane of the mesh counts.',
  ),
  acceptUnenforced: query(
    'acceptUnenforced',
    yes,
    'Store also what is to refuse traffic and cannot do so yet.',
  ),
  revision: query('revision', whole(1), 'The revision to restore.', { required: true }),
  to: query('to', { ...text, default: 'current' }, 'The other revision, or `current`.'),
  shadow: query('shadow', yes, 'With the policies that have the label `kuma.io/effect: shadow`.'),
  include: query('include', { enum: ['diff'] }, 'Also what differs from what runs.'),
  include_eds: query('include_eds', yes, 'With the endpoints.'),
  statsFormat: query('format', { enum: ['json'] }, 'JSON instead of text.'),
  usedonly: query('usedonly', { type: 'boolean', default: true }, 'Only counters that were touched.'),
} as const

export type ParameterName = keyof typeof PARAMETERS

/** Header of requests that change a resource. */
export const IF_MATCH = {
  name: 'If-Match',
  in: 'header',
  required: false,
  schema: text,
  description: 'The ETag that the resource must have; otherwise 412.',
}

const PATH_TEXTS: Readonly<Record<string, string>> = {
  mesh: 'Name of the mesh.',
  name: 'Name of the resource.',
  kri: 'Identifier of a resource: kri_SHORT_MESH_ZONE_NAMESPACE_NAME_SECTION.',
  routeKri: 'Identifier of a route.',
  revision: 'A revision of the resource.',
}

/** Of a path such as `/meshes/{mesh}`. */
export function pathParameters(path: string): readonly object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: name === 'revision' ? whole(1) : text,
    description: PATH_TEXTS[name] ?? name,
  }))
}
