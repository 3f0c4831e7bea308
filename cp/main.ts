/** `vmesh-cp`: argv → settings → ControlPlane.start → signal → stop → exit. The only process.exit on this side. */
import { join } from 'node:path'
import { command, group, runProgram } from '#base/command-line.ts'
import { createLogger } from '#base/log.ts'
import { EXIT, exitCodeOf } from '#base/process/exit-codes.ts'
import { STDIO, sayBug, versionCommand, watchOutput } from '#base/process/program.ts'
import { untilSignal } from '#base/process/signals.ts'
import { createNotifier, isUnderJournal } from '#base/process/systemd.ts'
import { settingOptions } from '#base/settings/flags.ts'
import { settingsHelp } from '#base/settings/manual.ts'
import { readSettingsFile } from '#base/settings/read-file.ts'
import { CP_SETTINGS, type CpSettings, cpRemarks, environment, readCpSettings } from './config.ts'
import { ControlPlane } from './control-plane.ts'
import { KUMA_CP_FLAGS } from './from-kuma/settings.ts'
import { backupStore, restoreStore } from './store/backup.ts'

const DATA_DIR = settingOptions(CP_SETTINGS, ['dataDir'])
const CONFIG_FILE = { type: 'text', value: 'FILE', short: 'c', doc: 'settings as YAML' } as const

const program = group({
  name: 'vmesh-cp',
  doc: 'vmesh control plane: keeps resources, compiles them and pushes them to data planes',
  commands: [
    command({
      name: 'run',
      doc: 'run the control plane until SIGTERM',
      options: {
        configFile: CONFIG_FILE,
        ...settingOptions(CP_SETTINGS, ['dataDir', 'tlsSan', 'logLevel']),
      },
      notes: settingsHelp(CP_SETTINGS),
      run: async ({ options }) => {
        const { configFile, ...flags } = options
        const file = configFile === undefined ? undefined : await readSettingsFile(configFile)
        await run(readCpSettings(flags, file), cpRemarks(file))
        return EXIT.ok
      },
    }),
    group({
      name: 'store',
      doc: 'copies of the store',
      commands: [
        command({
          name: 'backup',
          doc: 'write a consistent copy; the control plane may run',
          arguments: {
            out: {
              value: 'OUT',
              doc: 'file called ….json, or folder for one named after time and revision; made where it is not there',
            },
          },
          options: { configFile: CONFIG_FILE, ...DATA_DIR },
          run: async ({ options, args }) => {
            const made = await backupStore({ dir: await storeDirOf(options), out: args.out })
            STDIO.out(`${made.file}: ${made.resources} resources at version ${made.epoch}-${made.revision}\n`)
            return EXIT.ok
          },
        }),
        command({
          name: 'restore',
          doc: 'make the store be what a copy says; the control plane must be stopped',
          arguments: { from: { value: 'FROM', doc: 'a backup, or a checkpoint of the store itself' } },
          options: { configFile: CONFIG_FILE, ...DATA_DIR },
          run: async ({ options, args }) => {
            const done = await restoreStore({ dir: await storeDirOf(options), from: args.from })
            const kept = done.kept === null ? '' : `; what was there is kept in ${done.kept}`
            STDIO.out(
              `${done.resources} resources restored as version ${done.epoch}-${done.revision}${kept}\n`,
            )
            if (done.lost !== null) STDIO.out(`not readable and lost: ${done.lost}\n`)
            for (const fault of done.historyFaults) STDIO.out(`history: ${fault}\n`)
            return EXIT.ok
          },
        }),
      ],
    }),
    group({
      name: 'migrate',
      doc: 'for unit files of kuma-cp: nothing has to be migrated',
      commands: [
        command({
          name: 'up',
          doc: 'does nothing: the store is brought up to date when the control plane starts',
          options: { configFile: CONFIG_FILE },
          run: async () => {
            STDIO.out('nothing to migrate: the store is brought up to date when the control plane starts\n')
            return EXIT.ok
          },
        }),
      ],
    }),
    versionCommand('vmesh-cp'),
  ],
})

async function run(settings: CpSettings, remarks: readonly string[]): Promise<void> {
  const log = createLogger({
    level: settings.logLevel,
    name: 'vmesh-cp',
    journal: isUnderJournal(environment()),
  })
  if (remarks.length > 0) log.warn({ remarks }, 'settings and variables of kuma-cp are left out')
  const notifier = createNotifier(environment())
  const controlPlane = new ControlPlane(settings, log)
  const stopped = untilSignal()
  await controlPlane.start()
  notifier.ready()
  await stopped
  notifier.stopping()
  log.info('stopping')
  await controlPlane.stop()
  notifier.close()
}

async function storeDirOf(options: {
  readonly configFile: string | undefined
  readonly dataDir: string | undefined
}): Promise<string> {
  const file = options.configFile === undefined ? undefined : await readSettingsFile(options.configFile)
  return join(readCpSettings({ dataDir: options.dataDir }, file).dataDir, 'store')
}

watchOutput('vmesh-cp', code => process.exit(code))
runProgram(program, process.argv.slice(2), STDIO, { foreignFlags: KUMA_CP_FLAGS }).then(
  code => setImmediate(() => process.exit(code)),
  (error: unknown) => {
    sayBug('vmesh-cp', error)
    process.exit(exitCodeOf(error))
  },
)
