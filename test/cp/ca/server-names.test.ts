/** What the control plane's certificate names. */
import t from 'tap'
import { serverNames, thisMachine } from '../../../cp/ca/server-names.ts'

t.test(
  'names localhost, the host with and without domain, its addresses and its names in /etc/hosts',
  async t => {
    const machine = {
      hostname: 'CP-1.prod.example',
      addresses: ['127.0.0.1', '::1', '10.0.0.5', '2001:DB8:0::5', 'fe80::1%eth0', '169.254.1.1'],
      hosts: '# own\n10.0.0.5 mesh.example mesh # the VIP\n127.0.1.1\tdebian\n10.0.0.9 other.example\n\n',
    }
    t.same(serverNames(machine, []), {
      dnsNames: ['cp-1', 'cp-1.prod.example', 'debian', 'localhost', 'mesh', 'mesh.example'],
      ips: ['10.0.0.5', '127.0.0.1', '2001:db8::5', '::1'],
    })
  },
)

t.test('adds what the operator asks for, and refuses what is no name', async t => {
  const machine = { hostname: 'cp', addresses: [], hosts: '' }
  t.same(serverNames(machine, ['CP.example', '*.mesh.example', '192.0.2.1', 'cp']), {
    dnsNames: ['*.mesh.example', 'cp', 'cp.example', 'localhost'],
    ips: ['127.0.0.1', '192.0.2.1', '::1'],
  })
  for (const name of ['', 'a b', 'https://cp', 'cp:5678', '-x', 'a..b'])
    t.throws(() => serverNames(machine, [name]), { code: 'ca.bad-san', message: /--tls-san/ }, name)
})

t.test('a host name that cannot be in a certificate does not stop the start', async t => {
  t.same(serverNames({ hostname: 'my host', addresses: [], hosts: '' }, []).dnsNames, ['localhost'])
})

t.test('works on this machine', async t => {
  const names = serverNames(await thisMachine(), [])
  t.ok(names.dnsNames.includes('localhost'))
  t.ok(names.ips.includes('127.0.0.1'))
})
