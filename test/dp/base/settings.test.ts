/** Settings: where values come from, who wins, and what is said about wrong ones. */
import t from 'tap'
import { settingsHelp, settingsMarkdown, settingsTree } from '../../../dp/base/settings/manual.ts'
import { readSettingsFile } from '../../../dp/base/settings/read-file.ts'
import {
  defineSettings,
  flagOf,
  readSettings,
  settingsOrThrow,
  variableOf,
} from '../../../dp/base/settings.ts'

const TABLE = defineSettings({
  'apiServer.http.port': { type: 'port', default: 5681, doc: 'Port of the HTTP API.' },
  'apiServer.http.interface': { type: 'string', default: '127.0.0.1', doc: 'Address of the HTTP API.' },
  'apiServer.readOnly': { type: 'boolean', default: false, doc: 'Refuses writes.' },
  dataDir: { type: 'path', default: './vmesh-data', doc: 'Where the store lives.' },
  drainTime: { type: 'duration', default: '30s', doc: 'How long calls may end.' },
  caCertSha256: { type: 'string', default: null, doc: 'Pin.' },
  tlsSan: { type: 'list', default: [], doc: 'More names of the certificate.' },
  logLevel: { type: 'enum', values: ['debug', 'info'], default: 'info', doc: 'Least level.' },
  maxFrameBytes: { type: 'integer', default: 16, min: 1, max: 64, unit: 'bytes', doc: 'Largest frame.' },
  'store.password': { type: 'string', default: '', isSecret: true, doc: 'Of the database.' },
})

t.test('answers the defaults, typed, when nothing is given', async t => {
  const values = settingsOrThrow(readSettings(TABLE, {}))
  const port: number = values['apiServer.http.port']
  const level: 'debug' | 'info' = values.logLevel
  const pin: string | null = values.caCertSha256
  const names: readonly string[] = values.tlsSan
  t.equal(port, 5681)
  t.equal(values.drainTime, 30_000)
  t.equal(level, 'info')
  t.equal(pin, null)
  t.same(names, [])
})

t.test('names variables and flags after the setting', async t => {
  t.equal(variableOf('apiServer.http.port'), 'VMESH_API_SERVER_HTTP_PORT')
  t.equal(variableOf('caCertSha256'), 'VMESH_CA_CERT_SHA256')
  t.equal(flagOf('caCertFile'), '--ca-cert-file')
  t.equal(flagOf('defaults.skipMeshCreation'), '--defaults-skip-mesh-creation')
})

t.test('a flag beats a variable, a variable the file, the file the default', async t => {
  const content = {
    apiServer: { http: { port: 1, interface: 'a' }, readOnly: true },
    dataDir: '/file',
    drainTime: '1m',
    tlsSan: ['x'],
  }
  const environment = {
    VMESH_DATA_DIR: '/env',
    VMESH_API_SERVER_HTTP_PORT: '2',
    VMESH_DRAIN_TIME: '',
    PATH: '/bin',
  }
  const flags = { dataDir: '/flag', tlsSan: ['y', 'z,w'], logLevel: undefined }
  const result = readSettings(TABLE, { file: { path: 'v.yaml', content }, environment, flags })
  t.ok(result.ok)
  if (!result.ok) return
  t.match(result.values, {
    dataDir: '/flag',
    'apiServer.http.port': 2,
    'apiServer.http.interface': 'a',
    'apiServer.readOnly': true,
    drainTime: 60_000,
    tlsSan: ['y', 'z,w'],
    logLevel: 'info',
  })
  const listed = readSettings(TABLE, { environment: { VMESH_TLS_SAN: ' a, b,,c=d ' } })
  t.match(listed, { ok: true, values: { tlsSan: ['a', 'b', 'c=d'] } }, 'commas part a variable, not a flag')
  t.equal(result.origins['dataDir'], '--data-dir')
  t.equal(result.origins['apiServer.http.port'], 'VMESH_API_SERVER_HTTP_PORT')
  t.equal(result.origins['drainTime'], 'v.yaml drainTime')
  t.equal(result.origins['logLevel'], undefined)
})

t.test('reports all faults at once, each with its place and what is accepted', async t => {
  const lines: Record<string, number> = { 'apiServer.http.port': 3, drainTime: 7, 'apiServer.htpp': 4 }
  const result = readSettings(TABLE, {
    file: {
      path: 'v.yaml',
      content: {
        apiServer: { http: { port: 70_000 }, htpp: { port: 1 } },
        drainTime: 30,
        dataDir: null,
        dir: 1,
      },
      lineOf: keys => lines[keys.join('.')],
    },
    environment: {
      VMESH_LOG_LEVEL: 'loud',
      VMESH_API_SERVER_HTTP_PROT: '1',
      VMESH_MAX_FRAME_BYTES: '1e3',
      VMESH_DEMO: 'x',
      VMESH_LAB_DIR: 'x',
    },
    otherVariables: ['VMESH_DEMO', 'VMESH_LAB_*'],
    flags: { dataDir: '' },
  })
  t.notOk(result.ok)
  if (result.ok) return
  t.same(
    result.faults.map(fault => `${fault.where}: ${fault.message}`),
    [
      'v.yaml:3 apiServer.http.port: 70000 is not a port, a number from 0 to 65535',
      'v.yaml:4 apiServer.htpp: there is no such setting; did you mean apiServer.http?',
      'v.yaml:7 drainTime: 30 is not a duration with units, such as 30s or 1h30m',
      'v.yaml dir: there is no such setting',
      'VMESH_LOG_LEVEL: "loud" is not one of debug, info',
      'VMESH_API_SERVER_HTTP_PROT: there is no such setting; did you mean VMESH_API_SERVER_HTTP_PORT?',
      'VMESH_MAX_FRAME_BYTES: "1e3" is not a whole number from 1 to 64',
      '--data-dir: "" is not the path of a file or folder',
    ],
  )
  t.throws(() => settingsOrThrow(result), {
    code: 'settings.invalid',
    details: { exitCode: 78 },
    message: /^8 settings are wrong:\n {2}v\.yaml:3/,
  })
})

t.test('says what a section holds when the file has no mapping there', async t => {
  for (const [content, expected] of [
    [{ apiServer: 1 }, 'v.yaml apiServer: it has to be a mapping with keys such as http, readOnly'],
    [['a'], 'v.yaml: it has to be a mapping with keys such as apiServer, dataDir'],
    [{ 'apiServer.readOnly': true, apiServer: { readOnly: false } }, 'it is written twice; keep one'],
  ] as const) {
    const result = readSettings(TABLE, { file: { path: 'v.yaml', content } })
    t.notOk(result.ok)
    if (!result.ok) t.match(result.faults.map(fault => `${fault.where}: ${fault.message}`).join(), expected)
  }
  t.ok(readSettings(TABLE, { file: { path: 'v.yaml', content: undefined } }).ok, 'an empty file is fine')
})

t.test('never shows a secret', async t => {
  const wrong = readSettings(TABLE, { file: { path: 'v.yaml', content: { store: { password: 12345 } } } })
  t.notOk(wrong.ok)
  if (!wrong.ok) t.notMatch(JSON.stringify(wrong.faults), /12345/)
  const right = settingsOrThrow(readSettings(TABLE, { environment: { VMESH_STORE_PASSWORD: 'hunter2' } }))
  t.equal(right['store.password'], 'hunter2')
  const tree = settingsTree(TABLE, right)
  t.match(tree, { store: { password: '*****' }, drainTime: '30s', apiServer: { http: { port: 5681 } } })
})

t.test('refuses a table whose own default is wrong', async t => {
  const table = defineSettings({ wait: { type: 'duration', default: 'soon', doc: '' } })
  t.throws(() => readSettings(table, {}), /the default of wait/)
})

t.test('documents each setting with its variable', async t => {
  const markdown = settingsMarkdown(TABLE)
  t.match(
    markdown,
    '| `apiServer.http.port` | `VMESH_API_SERVER_HTTP_PORT` | port | 5681 | Port of the HTTP API. |',
  )
  t.equal(markdown.trim().split('\n').length, 2 + Object.keys(TABLE).length)
  t.match(settingsHelp(TABLE), /drainTime \(duration, default 30s\)\n\s+VMESH_DRAIN_TIME/)
})

t.test('reads a file with the line of each key, and says in one sentence what is wrong with it', async t => {
  const folder = t.testdir({
    'good.yaml': '# mine\napiServer:\n  http:\n    port: x\ndataDir: /d\n',
    'empty.yaml': '',
    'broken.yaml': 'a: [1\n',
    'two.yaml': 'dataDir: a\n---\ndataDir: b\n',
  })
  const result = readSettings(TABLE, { file: await readSettingsFile(`${folder}/good.yaml`) })
  t.same(result.ok ? [] : result.faults, [
    {
      where: `${folder}/good.yaml:4 apiServer.http.port`,
      message: '"x" is not a port, a number from 0 to 65535',
    },
  ])
  t.ok(readSettings(TABLE, { file: await readSettingsFile(`${folder}/empty.yaml`) }).ok)
  for (const [name, message] of [
    ['broken.yaml', /broken\.yaml:\d+:\d+: not valid YAML: /],
    ['two.yaml', /one document, this file has 2/],
    ['none.yaml', /none\.yaml: there is no such file; give a file with --config-file/],
    ['.', /it is a folder/],
  ] as const) {
    const expected = { code: 'settings.file', details: { exitCode: 78 }, message }
    await t.rejects(readSettingsFile(`${folder}/${name}`), expected, name)
  }
})
