/** The field that tells the application who called, as Envoy writes it. */
import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { clientCertificateField } from '../../../dp/listener/client-certificate.ts'
import { peerOf } from '../../../dp/tls/peer.ts'
import { makeIdentity, makeMeshCa } from '../../support/certificates.ts'

const ca = await makeMeshCa()

async function aPeer(uris: readonly string[]) {
  return peerOf(new X509Certificate((await makeIdentity(ca, { uris })).chainPem))
}

t.test('names both sides in the order of their certificates', async t => {
  const own = await aPeer(['spiffe://default/api', 'kuma://kuma.io/service/api'])
  const client = await aPeer(['spiffe://default/web', 'kuma://version/1'])
  t.equal(
    clientCertificateField(own, client),
    'x-forwarded-client-cert: By=spiffe://default/api;By=kuma://kuma.io/service/api;' +
      `Hash=${client.fingerprint};URI=spiffe://default/web;URI=kuma://version/1\r\n`,
  )
})

t.test('quotes names that could be taken for more than one', async t => {
  const own = await aPeer(['spiffe://default/api'])
  const client = await aPeer(['spiffe://default/a;URI=spiffe://default/b', 'spiffe://default/"c,\\'])
  const field = clientCertificateField(own, client)
  t.ok(
    field.endsWith(';URI="spiffe://default/a;URI=spiffe://default/b";URI="spiffe://default/\\"c,\\\\"\r\n'),
    field,
  )
})
