/** The command-line door: what a command gets, and what a person is told. */
import t from 'tap'
import { command, group, runProgram, usageError } from '../../../dp/base/command-line.ts'
import { CodedError } from '../../../dp/base/errors.ts'
import { settingOptions } from '../../../dp/base/settings/flags.ts'
import { defineSettings, readSettings } from '../../../dp/base/settings.ts'

const COMMON = { configFile: { type: 'text', value: 'FILE', doc: 'Where contexts are kept.' } } as const
const seen: unknown[] = []

const PROGRAM = group({
  name: 'tool',
  doc: 'A tool.',
  options: COMMON,
  commands: [
    command({
      name: 'get',
      doc: 'Shows things.',
      notes: 'Kinds: a, b.',
      arguments: {
        kind: { value: 'KIND', doc: 'What.' },
        name: { value: 'NAME', doc: 'Which.', optional: true },
      },
      options: {
        ...COMMON,
        mesh: { type: 'text', value: 'MESH', short: 'm', default: 'default', doc: 'Of which mesh.' },
        output: { type: 'text', value: 'FORMAT', short: 'o', choices: ['table', 'yaml'], doc: 'How.' },
        tag: { type: 'list', value: 'K=V', doc: 'Tags.' },
        all: { type: 'switch', doc: 'All.' },
      },
      run: async ({ options, args }) => {
        const typed: { kind: string; name: string | undefined; mesh: string; all: boolean } = {
          kind: args.kind,
          name: args.name,
          mesh: options.mesh,
          all: options.all,
        }
        const output: 'table' | 'yaml' | undefined = options.output
        seen.push({ ...typed, output, tag: options.tag, configFile: options.configFile })
        return undefined
      },
    }),
    command({
      name: 'fail',
      doc: 'Fails.',
      options: { how: { type: 'text', value: 'HOW', required: true, doc: 'How.' } },
      run: async ({ options }) => {
        if (options.how === 'usage') throw usageError('--how cannot be usage')
        if (options.how === 'permanent')
          throw new CodedError('x.y', 'broken: mend it', { details: { permanent: true } })
        if (options.how === 'bug') throw new TypeError('a bug')
        return Number(options.how)
      },
    }),
  ],
})

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const code = await runProgram(PROGRAM, argv, {
    out: text => {
      out += text
    },
    err: text => {
      err += text
    },
  })
  return { code, out, err }
}

t.beforeEach(() => {
  seen.length = 0
})

t.test('gives a command its options and arguments, typed and with defaults', async t => {
  t.same(await run('get', 'mesh'), { code: 0, out: '', err: '' })
  t.same(seen, [
    {
      kind: 'mesh',
      name: undefined,
      mesh: 'default',
      all: false,
      output: undefined,
      tag: [],
      configFile: undefined,
    },
  ])
})

t.test(
  'takes repeated options, short ones, and those of the program before or after the command',
  async t => {
    const common = { kind: 'dp', name: 'web-1', mesh: 'm2', all: true, output: 'yaml', tag: ['a=1', 'b=2'] }
    const rest = ['dp', 'web-1', '-m', 'm2', '--all', '-o', 'yaml', '--tag', 'a=1', '--tag=b=2']
    t.equal((await run('--config-file', 'c', 'get', ...rest)).code, 0)
    t.equal((await run('get', ...rest, '--config-file=c')).code, 0)
    t.same(seen, [
      { ...common, configFile: 'c' },
      { ...common, configFile: 'c' },
    ])
  },
)

t.test(
  'help of a command sends to global options in one line where a program says so, and fits 80 columns',
  async t => {
    const long = 'word '.repeat(40).trim()
    const get = command({
      name: 'get',
      doc: 'Gets.',
      notes: `${long}\n  ${long}\n`,
      options: { ...COMMON, all: { type: 'switch', doc: long } },
      run: async () => undefined,
    })
    const program = group({
      name: 'p',
      doc: 'P.',
      options: COMMON,
      optionsHelp: 'Global options: p help global',
      commands: [get],
    })
    const shown = async (...argv: readonly string[]): Promise<string> => {
      const out: string[] = []
      await runProgram(program, argv, { out: text => void out.push(text), err: () => {} })
      return out.join('')
    }
    const help = await shown('get', '--help')
    t.match(help, /\n\nGlobal options: p help global\n\nword/)
    t.notMatch(help, '--config-file')
    t.same(
      help.split('\n').filter(line => line.length > 80),
      [],
    )
    t.match(help, /word\n {2}word/, 'an indentation stays')
    t.match(await shown('--help'), /--config-file <FILE>/, 'the program itself lists them')
  },
)

t.test('keeps nothing from one run to the next', async t => {
  await run('get', 'a', '--tag=x')
  await run('get', 'b')
  t.match(seen, [{ tag: ['x'] }, { tag: [] }])
})

t.test('answers a wrong command line with one sentence and 64', async t => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['gte', 'x'], "tool: unknown command 'gte'; did you mean get? See tool --help\n"],
    [
      ['get', 'x', '--mehs', 'y'],
      "tool: unknown option '--mehs'; did you mean --mesh? See tool get --help\n",
    ],
    [['get'], "tool: missing required argument 'KIND'; see tool get --help\n"],
    [['get', 'x', '-o'], "tool: option '-o, --output <FORMAT>' argument missing; see tool get --help\n"],
    [['fail'], 'tool: required flag(s) "how" not set; see tool fail --help\n'],
    [
      ['get', 'x', '-o', 'xml'],
      "tool: option '-o, --output <FORMAT>' argument 'xml' is invalid. Allowed choices are table, yaml; see tool get --help\n",
    ],
    [
      ['get', 'x', 'y', 'z'],
      "tool: too many arguments for 'get'. Expected 2 arguments but got 3: x, y, z; see tool get --help\n",
    ],
  ]
  for (const [argv, err] of cases) t.same(await run(...argv), { code: 64, out: '', err }, argv.join(' '))
  t.same(seen, [], 'no command ran')
})

t.test('shows help on stdout with 0, and on stderr with 64 when no command is given', async t => {
  const help = await run('get', '--help')
  t.equal(help.code, 0)
  t.match(help.out, /--mesh <MESH>[\s\S]*--config-file <FILE>[\s\S]*Kinds: a, b\./)
  t.match(await run('--help'), { code: 0, err: '' })
  const bare = await run()
  t.match(bare, { code: 64, out: '' })
  t.match(bare.err, /Shows things/)
})

t.test('turns coded errors into one message and their exit code, and lets bugs through', async t => {
  t.same(await run('fail', '--how=usage'), { code: 64, out: '', err: 'tool: --how cannot be usage\n' })
  t.same(await run('fail', '--how=permanent'), { code: 78, out: '', err: 'tool: broken: mend it\n' })
  t.equal((await run('fail', '--how=3')).code, 3)
  await t.rejects(run('fail', '--how=bug'), TypeError)
})

t.test('makes options of settings, which win over their variables', async t => {
  const table = defineSettings({
    drainTime: { type: 'duration', default: '30s', doc: 'How long calls may end.' },
    tlsSan: { type: 'list', default: [], doc: 'Names.' },
    'api.port': { type: 'port', default: null, doc: 'Port.' },
  })
  let result: unknown
  const program = group({
    name: 'd',
    doc: '',
    commands: [
      command({
        name: 'run',
        doc: '',
        options: settingOptions(table, ['drainTime', 'tlsSan', 'api.port'], { drainTime: 'd' }),
        run: async ({ options }) => {
          const environment = { VMESH_TLS_SAN: 'env', VMESH_API_PORT: '1' }
          result = readSettings(table, { flags: options, environment })
          return undefined
        },
      }),
    ],
  })
  let out = ''
  const sink = {
    out: (text: string) => {
      out += text
    },
    err: () => {},
  }
  t.equal(await runProgram(program, ['run', '-d', '5s', '--api-port=2'], sink), 0)
  t.match(result, { ok: true, values: { drainTime: 5_000, tlsSan: ['env'], 'api.port': 2 } })
  await runProgram(program, ['run', '--help'], sink)
  t.match(out, /--tls-san <SAN>\s+Names\. \(VMESH_TLS_SAN\)/)
  t.match(out, /--drain-time <DURATION>\s+How long calls may end\. \(VMESH_DRAIN_TIME,\s+default 30s\)/)
})

t.test('takes bare flags, variables of the environment and further names', async t => {
  let got: unknown
  const program = group({
    name: 'p',
    doc: '',
    commands: [
      command({
        name: 'go',
        aliases: ['walk'],
        doc: '',
        arguments: { where: { value: 'WHERE', doc: '', optional: true } },
        options: {
          wait: { type: 'text', value: 'TIME', implied: '30s', doc: '' },
          how: { type: 'text', value: 'HOW', choices: ['a', 'b'], variable: 'P_HOW', default: 'a', doc: '' },
          noMap: { type: 'switch', variable: 'P_NO_MAP', doc: '' },
          fast: { type: 'switch', variable: 'P_FAST', doc: '' },
        },
        run: async ({ options, args }) => {
          got = { ...options, ...args }
          return undefined
        },
      }),
    ],
  })
  let err = ''
  const sink = {
    out: () => {},
    err: (text: string) => {
      err += text
    },
  }
  const plain = { wait: undefined, how: 'a', noMap: false, fast: false, where: undefined }
  const cases: readonly (readonly [readonly string[], Readonly<Record<string, string>>, object])[] = [
    [['go'], {}, plain],
    [['go', '--wait', 'home'], {}, { ...plain, wait: '30s', where: 'home' }],
    [['walk', '--wait=5s'], { P_HOW: '' }, { ...plain, wait: '5s' }],
    [['go', '--', '--wait'], {}, { ...plain, where: '--wait' }],
    [['go', '--no-map'], { P_HOW: 'b', P_FAST: '1' }, { ...plain, how: 'b', noMap: true, fast: true }],
    [['go', '--how=a'], { P_HOW: 'b', P_NO_MAP: 'true' }, { ...plain, noMap: true }],
  ]
  for (const [argv, environment, expected] of cases) {
    got = undefined
    t.equal(await runProgram(program, argv, sink, { environment }), 0, argv.join(' '))
    t.same(got, expected, argv.join(' '))
  }
  const wrong = { environment: { P_HOW: 'c' }, errorPrefix: 'Error: ' }
  t.equal(await runProgram(program, ['go'], sink, wrong), 64)
  t.equal(await runProgram(program, ['og'], sink, wrong), 64)
  t.match(
    err,
    /^Error: P_HOW=c: allowed are a, b\nError: unknown command 'og'; did you mean go\? See p --help\n$/,
  )
})
