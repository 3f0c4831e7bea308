/** Bodies that mean harm, or look like it: refused with a reason, and everything is as it was. */
import t from 'tap'
import { repeatedKey } from '../../../cp/api/http/json-keys.ts'
import { type Reply, send, startApi } from '../../support/api.ts'

const run = await startApi({ folder: t.testdir() })
t.teardown(() => run.close())
const JSON_TYPE = 'application/json'
const YAML_TYPE = 'application/yaml'
const PATH = '/meshes/default/dataplanes/bad'
const put = (body: string | Buffer, type: string, path = PATH): Promise<Reply> =>
  send('PUT', `${run.http}${path}`, { body, headers: { 'content-type': type } })

/** A Dataplane with further fields, as JSON texts. */
const dataplane = (top = '', inbound = '', tags = ''): string =>
  `{"type":"Dataplane","mesh":"default","name":"bad"${top},"networking":{"address":"10.0.0.1",` +
  `"inbound":[{"port":80${inbound},"tags":{"kuma.io/service":"web"${tags}}}]}}`

const nested = (open: string, close: string, levels = 100_000): string =>
  `${open.repeat(levels)}1${close.repeat(levels)}`

t.test('tells the first hundred of very many faults, and how many more there are', async t => {
  const many = (value: string): object =>
    Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`l${i}`, value]))
  const path = `${run.http}/meshes/default/secrets/s`
  const secret = { type: 'Secret', mesh: 'default', name: 's', data: '' }
  const answer = await send('PUT', path, { body: { ...secret, labels: many('no label!') } })
  const { invalid_parameters: faults } = answer.json as { invalid_parameters: readonly object[] }
  t.equal(answer.status, 400)
  t.equal(faults.length, 101)
  t.match(faults[99], { field: /^labels\["l\d+"\]$/ })
  t.same(faults[100], { field: '', reason: '19900 more faults are not listed' })
  const huge = await send('PUT', path, { body: { ...secret, labels: { ['k'.repeat(200_000)]: 'x' } } })
  t.match(huge, { status: 400 })
  t.ok(huge.text.length < 20_000, 'nor is what was sent told back at its length')
  const stranger = await send('PUT', path, { body: { ...secret, ...many('x') } })
  const { warnings } = stranger.json as { warnings: readonly string[] }
  t.equal(warnings.length, 101)
  t.equal(warnings[100], '19900 more warnings are not listed')
})

t.test('is refused with a clear reason', async t => {
  const deep = /nested more than (64|100) levels deep/
  const proto = /there is a key __proto__/
  const cases: readonly (readonly [what: string, body: string | Buffer, type: string, reason: RegExp])[] = [
    ['lists in JSON', dataplane(`,"x":${nested('[', ']')}`), JSON_TYPE, deep],
    ['objects in JSON', dataplane(`,"x":${nested('{"a":', '}')}`), JSON_TYPE, deep],
    ['lists in JSON without a type', dataplane(`,"x":${nested('[', ']')}`), '', deep],
    ['lists in YAML', `a: ${nested('[', ']')}`, YAML_TYPE, deep],
    ['mappings in YAML', nested('{a: ', '}'), YAML_TYPE, deep],
    ['items in YAML', `${'- '.repeat(100_000)}x`, YAML_TYPE, deep],
    ['keys in YAML', `${'? '.repeat(100_000)}x`, YAML_TYPE, deep],
    ['lists without an end', '['.repeat(100_000), YAML_TYPE, deep],
    ['an alias of itself', 'type: Dataplane\nx: &x [*x]', YAML_TYPE, deep],
    ['signs without an end', `[${','.repeat(500_000)}]`, YAML_TYPE, /more than 100000 words and signs.*JSON/],
    [
      'an alias bomb',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghij'].map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefghij'[i]}`)}]`).join('\n')}`,
      YAML_TYPE,
      /excessive alias count/,
    ],
    ['many aliases', `a: &a 1\nb: [${Array(2000).fill('*a')}]`, YAML_TYPE, /more than 1000 aliases/],
    [
      'a key twice in JSON',
      dataplane(',"name":"bad"'),
      JSON_TYPE,
      /line 1, column 51: the key ."name." is there twice/,
    ],
    ['a key twice, escaped', dataplane(',"n\\u0061me":"x"'), JSON_TYPE, /the key ."name." is there twice/],
    ['a key twice inside', dataplane('', ',"port":81'), JSON_TYPE, /the key ."port." is there twice/],
    ['a key twice without a type', dataplane('', ',"port":81'), '', /the key ."port." is there twice/],
    [
      'a key twice in YAML',
      'type: Dataplane\nname: a\nname: b\n',
      YAML_TYPE,
      /line 3, column 1: .*keys must be unique/,
    ],
    ['__proto__ in JSON', dataplane(',"__proto__":{"polluted":1}'), JSON_TYPE, proto],
    ['__proto__ inside', dataplane('', ',"__proto__":{"polluted":1}'), JSON_TYPE, proto],
    ['__proto__ as a tag', dataplane('', '', ',"__proto__":"x"'), JSON_TYPE, proto],
    ['__proto__ as a label', dataplane(',"labels":{"__proto__":"x"}'), JSON_TYPE, proto],
    ['__proto__ in YAML', 'type: Dataplane\nnetworking:\n  __proto__: {polluted: 1}\n', YAML_TYPE, proto],
    ['half a character', Buffer.from([0x7b, 0x22, 0xc3, 0x22, 0x7d]), JSON_TYPE, /not UTF-8/],
    ['UTF-16', Buffer.from('﻿{}', 'utf16le'), JSON_TYPE, /not UTF-8/],
    ['half a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), JSON_TYPE, /not UTF-8/],
    ['null', 'null', JSON_TYPE, /must be an object/],
  ]
  for (const [what, body, type, reason] of cases) {
    const before = run.store.revision()
    t.match(await put(body, type), { status: 400, json: { title: 'Bad Request', detail: reason } }, what)
    t.equal(run.store.revision(), before, `${what}: nothing was stored`)
  }
  t.notOk('polluted' in {}, 'objects are as they were')
})

t.test('names of JavaScript are names', async t => {
  for (const name of ['constructor', 'prototype', 'tostring', 'valueof']) {
    const body = dataplane(`,"labels":{"${name}":"x"}`, `,"${name}":{}`, `,"${name}":"y"`)
    t.match(await put(body, JSON_TYPE), {
      json: { warnings: [`unknown field networking.inbound[0].${name} is ignored`] },
    })
    const { json } = await send('GET', `${run.http}${PATH}`)
    t.match(json, { labels: { [name]: 'x' }, networking: { inbound: [{ tags: { [name]: 'y' } }] } })
    t.same((await send('GET', `${run.http}/dataplanes?filter[labels.${name}]=z`)).json, {
      total: 0,
      items: [],
      next: null,
    })
    const mesh = `/meshes/${name}`
    t.equal((await send('GET', `${run.http}${mesh}`)).status, 404)
    t.equal((await send('GET', `${run.http}${mesh}/dataplanes`)).status, 404)
    t.match(await put(`{"type":"${name}","mesh":"default","name":"bad"}`, JSON_TYPE), { status: 400 })
    t.match(await send('GET', `${run.http}/_kri/kri_${name}_a_b_c_d_`), {
      status: 400,
      json: { detail: `bad request: unknown short name of resource type: "${name}"` },
    })
  }
})

t.test('tokens are made of the same bodies', async t => {
  const post = (body: string): Promise<Reply> =>
    send('POST', `${run.http}/tokens/dataplane`, { body, headers: { 'content-type': JSON_TYPE } })
  for (const [body, detail] of [
    ['{"mesh":"default","mesh":"other"}', /the key "mesh" is there twice/],
    ['{"mesh":"default","tags":{"__proto__":["x"]}}', /there is a key __proto__/],
    [`{"mesh":${nested('[', ']')}}`, /nested more than 64/],
  ] as const) {
    t.match(await post(body), { status: 400, json: { title: 'Bad Request', detail } })
  }
})

t.test('finds the first key that an object has twice', async t => {
  const cases: readonly (readonly [string, string | null])[] = [
    ['{"a":1,"a":2}', '1:8 a'],
    ['{"a":{"a":1},"b":[{"a":1},{"a":1}]}', null],
    ['{"a":"a","b":"\\"a\\":"}', null],
    ['{"a\\"":1,\n "b":2,\n  "a\\"" : 3}', '3:3 a"'],
    ['{"a":["a","a"],"":1}', null],
    ['{"\\\\":1,"\\\\":2}', '1:9 \\'],
    ['[{"x":"{"},{"x":"]","y":[],"y":0}]', '1:28 y'],
    ['"a"', null],
    ['{"__proto__":1,"__proto__":2}', '1:16 __proto__'],
  ]
  for (const [text, expected] of cases) {
    JSON.parse(text)
    const found = repeatedKey(text)
    t.equal(found === null ? null : `${found.line}:${found.column} ${found.key}`, expected, text)
  }
})
