/** `vmeshctl apply` of many documents, and of all places that they can come from. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { startFakeApi } from '../../support/fake-api.ts'
import { runVmeshctl } from '../../support/vmeshctl.ts'

const secret = (name: string): string => `type: Secret\nmesh: default\nname: ${name}\ndata: eA==\n`
const label = (name: string): string => `resource type="Secret" mesh="default" name="${name}"`
const api = await startFakeApi()
t.teardown(() => api.close())
t.beforeEach(() => {
  for (const path of api.stored.keys()) if (path !== '/meshes/default') api.stored.delete(path)
})
const run = (args: readonly string[], input = '', world: object = {}) =>
  runVmeshctl([...args, '--address', api.url], { home: '/nowhere', input, ...world })

t.test('applies a thousand documents at once, and says each in its order', async t => {
  const names = Array.from({ length: 1_000 }, (_, index) => `s-${String(index).padStart(4, '0')}`)
  const ran = await run(['apply', '-f', '-'], names.map(name => secret(name)).join('---\n'), {
    isTerminal: true,
  })
  t.same(
    ran.out.trim().split('\n'),
    names.map(name => `${label(name)} Created`),
  )
  t.match(ran.err, /\rapplied \d+ of 1000\x1b\[K/, 'a terminal sees how far it is')
  t.match(ran.err, /\r\x1b\[K$/, 'and nothing of it is left')
})

t.test('takes folders in folders, addresses, and lists that get has printed', async t => {
  const home = t.testdir({
    'a.yaml': secret('a'),
    sub: { 'b.yml': secret('b'), deep: { 'c.json': '{"type":"Mesh","name":"m2"}' } },
  })
  t.equal((await run(['apply', '-f', home])).out, `${label('a')} Created\n`)
  t.equal(
    (await run(['apply', '-R', '-f', home])).out,
    `resource type="Mesh" mesh="" name="m2" Created\n${label('a')} Unchanged\n${label('b')} Created\n`,
  )
  t.match(await run(['apply', '-f', join(home, 'sub', 'deep', '..', 'deep')]), { code: 0 })
  const empty = t.testdir({ sub: { 'b.yml': secret('b') } })
  t.match(await run(['apply', '-f', empty]), {
    code: 1,
    err: /in this folder; -R looks into the folders in it/,
  })

  const web = createServer((request, response) => {
    response.writeHead(request.url === '/ok.yaml' ? 200 : 404).end(secret('remote'))
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => web.once('listening', resolve))
  t.teardown(() => web.close())
  const at = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
  t.equal((await run(['apply', '-f', `${at}/ok.yaml`])).out, `${label('remote')} Created\n`)
  t.match(await run(['apply', '-f', `${at}/no.yaml`]), {
    code: 1,
    err: /no\.yaml: it cannot be fetched: the server answers 404/,
  })

  const shown = await run(['get', 'secrets', '-o', 'yaml'])
  t.equal(
    (await run(['apply', '-f', '-'], shown.out)).out,
    `${label('a')} Unchanged\n${label('b')} Unchanged\n${label('remote')} Unchanged\n`,
  )
  const broken = shown.out.replace('name: b\n', 'name: B\n')
  const line = broken.split('\n').indexOf('  name: B') + 1
  t.match(await run(['apply', '-f', '-'], broken), {
    code: 1,
    err: new RegExp(`standard input:${line}: name: invalid`),
  })
})
