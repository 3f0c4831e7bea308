/** URI names come from the DER, one by one, and a malformed certificate has none. */
import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { readUris } from '../../../dp/tls/subject-names.ts'
import { makeIdentity, makeMeshCa } from '../../support/certificates.ts'

const ca = await makeMeshCa()

async function derWith(uris: readonly string[]): Promise<Buffer> {
  return new X509Certificate((await makeIdentity(ca, { uris })).chainPem).raw
}

t.test('reads every URI in the order of the certificate', async t => {
  const uris = ['spiffe://default/web', 'kuma://kuma.io/service/web', 'kuma://version/1']
  t.same(readUris(await derWith(uris)), uris)
  const many = Array.from({ length: 300 }, (_, index) => `spiffe://default/${'x'.repeat(index)}`)
  t.same(readUris(await derWith(many)), many, 'long lengths too')
  t.same(readUris(await derWith([])), [])
})

t.test('never takes one name for two', async t => {
  const uris = ['spiffe://default/a,URI:spiffe://default/b', 'spiffe://default/"c', 'spiffe://default/d\\,e']
  t.same(readUris(await derWith(uris)), uris)
})

t.test('reads nothing from what is malformed', async t => {
  const der = await derWith(['spiffe://default/web'])
  for (let length = 0; length < der.length; length += 7) t.same(readUris(der.subarray(0, length)), [])
  const at = der.indexOf('spiffe://default/web')
  const withByte = (offset: number, byte: number) => {
    const copy = Buffer.from(der)
    copy[offset] = byte
    return copy
  }
  t.same(readUris(withByte(at + 3, 0)), [], 'a NUL in a name')
  t.same(readUris(withByte(at + 3, 0xe9)), [], 'a byte above ASCII in a name')
  t.same(readUris(withByte(at - 1, 200)), [], 'a length beyond the end')
  t.same(readUris(withByte(at - 1, 5)), [], 'a length in the middle of a name')
})
