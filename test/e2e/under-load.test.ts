/** While calls run, nothing that does not concern them breaks one. */
import t from 'tap'
import { httpApplication } from '../support/applications.ts'
import { call, dataplane, eventually, Lab } from '../support/lab.ts'
import { startLoad } from '../support/load.ts'
import { freePorts } from '../support/ports.ts'

t.test(
  'control plane killed, started again, 100 changes of an unrelated policy: no failed request',
  async t => {
    const lab = new Lab()
    t.teardown(() => lab.close())
    const application = await httpApplication('api')
    t.teardown(() => application.server.close())
    const [webPort = 0, apiPort = 0, toApi = 0] = await freePorts(3)
    await lab.startControlPlane()
    const api = dataplane({ name: 'api-1', service: 'api', port: apiPort, servicePort: application.port })
    const apiDaemon = await lab.startDataPlane(api)
    const web = dataplane({
      name: 'web-1',
      service: 'web',
      port: webPort,
      servicePort: 9,
      outbounds: { [toApi]: 'api' },
    })
    const webDaemon = await lab.startDataPlane(web)
    await eventually(
      () => call(toApi, '/'),
      answer => answer.status === 200,
    )

    const load = startLoad({ port: toApi, path: '/', connections: 16 })
    const more = (count: number): Promise<number> => {
      const goal = load.answered() + count
      return eventually(
        async () => load.answered(),
        answered => answered >= goal,
      )
    }
    await more(500)
    await lab.controlPlane?.stop('SIGKILL')
    await more(500)
    await lab.startControlPlane()
    for (const daemon of [apiDaemon, webDaemon])
      await daemon.said(/connected to the control plane[\s\S]*connected to the control plane/)
    for (let i = 0; i < 100; i++)
      await lab.permission('unrelated', 'somebody-else', 'web', i % 2 === 0 ? 'Deny' : 'Allow')
    await more(500)
    const result = await load.stop()
    t.same(result.failures, [])
    t.ok(result.answered >= 1_500, `${result.answered} answered`)
  },
)
