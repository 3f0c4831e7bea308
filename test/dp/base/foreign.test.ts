/** Configuration of another program: what is taken, called otherwise, left out with a word, or refused. */
import t from 'tap'
import { withoutForeignFlags } from '../../../dp/base/command-line/foreign-flags.ts'
import type { ForeignName } from '../../../dp/base/settings/foreign.ts'
import { foreignRemarks } from '../../../dp/base/settings/foreign-remarks.ts'
import { defineSettings, readSettings } from '../../../dp/base/settings.ts'

const TABLE = defineSettings({
  'server.port': { type: 'port', default: 1, doc: 'Port.' },
  'tls.file': { type: 'path', default: null, doc: 'Certificate.' },
})

const ROWS: readonly ForeignName[] = [
  { name: 'server.port', fate: 'taken' },
  { name: 'server.tlsFile', fate: 'renamed', as: 'tls.file' },
  { name: 'mode', fate: 'refused', fine: ['one'], why: 'there is one mode' },
  { name: 'plus.audit.*', fate: 'refused', why: 'set audit' },
  { name: 'plus.*', fate: 'idle', why: 'nothing is sold' },
  { name: 'db.*', variables: ['OLD_DATABASE_*'], fate: 'idle', why: 'there is no database' },
]

function read(content: unknown): readonly string[] {
  const result = readSettings(TABLE, { file: { path: 'old.yaml', content }, foreign: ROWS })
  return result.ok ? [] : result.faults.map(({ where, message }) => `${where}: ${message}`)
}

t.test('a file of the other program works where it says nothing that is lost here', async t => {
  t.same(
    read({
      mode: 'one',
      server: { port: 7, tlsFile: '' },
      plus: { audit: { backends: [] }, licence: 'x' },
      db: { host: 'h', pool: { size: 3 } },
    }),
    ['old.yaml plus.audit: set audit'],
    'a section counts as given, what is empty in it notwithstanding',
  )
  t.same(read({ mode: 'one', server: { port: 7, tlsFile: '' }, plus: { audit: {} }, db: null }), [])
})

t.test('what would be lost is refused, with what to do', async t => {
  t.same(read({ mode: 'two', server: { tlsFile: '/x' }, plus: { audit: { a: 1 } } }), [
    'old.yaml mode: there is one mode',
    'old.yaml server.tlsFile: is called tls.file here',
    'old.yaml plus.audit: set audit',
  ])
})

t.test('a misspelt setting is still no setting, and the guess is one of ours', async t => {
  t.same(read({ mod: 'two', server: { prot: 7 } }), [
    'old.yaml mod: there is no such setting',
    'old.yaml server.prot: there is no such setting; did you mean server.port?',
  ])
})

t.test('says of each setting and variable that is left out what is instead', async t => {
  const content = { mode: 'one', server: { port: 7 }, plus: { licence: 'x' }, db: { host: 'h', port: 1 } }
  const environment = {
    OLD_MODE: 'two',
    OLD_SERVER_PORT: '7',
    OLD_SERVER_TLS_FILE: '/x',
    OLD_DATABASE_HOST: 'h',
    OLD_PLUS_LICENCE: '',
    OLD_OTHER: 'x',
    HOME: '/root',
  }
  const sources = { file: { path: 'old.yaml', content }, environment, prefix: 'OLD_' }
  t.same(foreignRemarks(ROWS, Object.keys(TABLE), sources), [
    'old.yaml plus.licence: nothing is sold',
    'old.yaml db: there is no database',
    'OLD_MODE: there is one mode',
    'OLD_SERVER_PORT: is not read here; set VMESH_SERVER_PORT',
    'OLD_SERVER_TLS_FILE: is not read here; set VMESH_TLS_FILE',
    'OLD_DATABASE_HOST: there is no database',
  ])
})

const FLAGS: readonly ForeignName[] = [
  { name: 'binary', fate: 'idle', why: 'there is none' },
  { name: 'dns', fate: 'idle', isSwitch: true, why: 'no DNS' },
  { name: 'dns-*', fate: 'idle', why: 'no DNS' },
  { name: 'type', fate: 'refused', fine: ['plain'], why: 'all are plain' },
  { name: 'name', fate: 'taken' },
]

t.test('flags that mean nothing here are taken out with their values, and no other word', async t => {
  const argv = [
    'run',
    '--binary',
    '/b',
    '--dns',
    '--dns-port=3',
    '--dns-file',
    'f',
    '--type=plain',
    '--name',
    'x',
  ]
  t.same(withoutForeignFlags([...argv, 'word', '--', '--binary'], FLAGS), {
    argv: ['run', '--name', 'x', 'word', '--', '--binary'],
    remarks: [
      '--binary is left out: there is none',
      '--dns is left out: no DNS',
      '--dns-port is left out: no DNS',
      '--dns-file is left out: no DNS',
    ],
    fault: null,
  })
  t.equal(withoutForeignFlags(['run', '--type', 'fancy'], FLAGS).fault, '--type: all are plain')
})
