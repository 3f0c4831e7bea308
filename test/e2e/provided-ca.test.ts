/** A mesh runs on a CA that its operator provides, and moves to another one while calls go on. */
import { connect } from 'node:tls'
import t from 'tap'
import { splitChain } from '#base/x509/certificate.ts'
import { httpApplication } from '../support/applications.ts'
import { call, dataplane, eventually, Lab } from '../support/lab.ts'
import { freePorts } from '../support/ports.ts'
import { caSecrets, makeOperatorCa, type OperatorCa, providedMesh } from '../support/provided-ca.ts'

const lab = new Lab()
t.teardown(() => lab.close())
const application = await httpApplication('api')
t.teardown(() => application.server.close())
const [webPort = 0, apiPort = 0, toApi = 0] = await freePorts(3)
await lab.startControlPlane()

const { spec, ...mesh } = providedMesh()
const putMesh = () => lab.api('PUT', '/meshes/default', { ...mesh, ...spec })

async function putCa(ca: OperatorCa): Promise<void> {
  for (const { name, spec: data } of caSecrets(ca)) {
    await lab.put(`/meshes/default/secrets/${name}`, {
      type: 'Secret',
      mesh: 'default',
      name,
      ...(data as object),
    })
  }
}

/** CN of who issued the certificate that the inbound of api shows now. */
function issuer(): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port: apiPort,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    })
    socket.once('secureConnect', () => {
      resolve(String(socket.getPeerCertificate().issuer.CN))
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

t.test('a CA that is not there is refused with its paths', async t => {
  const answer = await putMesh()
  t.equal(answer.status, 400)
  t.same(
    JSON.parse(answer.body).invalid_parameters.map((one: { field: string }) => one.field),
    ['mtls.backends[0].conf.cert', 'mtls.backends[0].conf.key'],
  )
})

t.test('members call each other below an RSA CA', async t => {
  await putCa(makeOperatorCa({ sort: 'rsa', name: 'First' }))
  t.equal((await putMesh()).status, 200)
  await lab.startDataPlane(
    dataplane({ name: 'api-1', service: 'api', port: apiPort, servicePort: application.port }),
  )
  await lab.startDataPlane(
    dataplane({
      name: 'web-1',
      service: 'web',
      port: webPort,
      servicePort: 9,
      outbounds: { [toApi]: 'api' },
    }),
  )
  t.equal(
    (
      await eventually(
        () => call(toApi, '/'),
        answer => answer.status === 200,
      )
    ).status,
    200,
  )
  t.equal(await issuer(), 'First')
})

t.test(
  'new secrets: everybody gets a certificate of the new CA, an intermediate without its root',
  async t => {
    const below = makeOperatorCa({ sort: 'rsa', name: 'Root' })
    const second = makeOperatorCa({ name: 'Second', below })
    const [alone = ''] = splitChain(second.chainPem)
    await putCa({ ...second, chainPem: alone })
    t.equal(await eventually(issuer, name => name === 'Second'), 'Second')
    t.equal(
      (
        await eventually(
          () => call(toApi, '/'),
          answer => answer.status === 200,
        )
      ).status,
      200,
    )
  },
)

t.test('the secret of a CA that signs cannot be deleted', async t => {
  const answer = await lab.api('DELETE', '/meshes/default/secrets/ca-key')
  t.equal(answer.status, 400)
  t.match(answer.body, /currently in use in Mesh/)
})
