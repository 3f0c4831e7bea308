/** Secrets: bytes in base64, or none (kuma-api 4.8). */
import t from 'tap'
import { accepted, read } from '../../../support/bodies.ts'

t.test('keeps base64 as it was sent, without line ends', async t => {
  for (const type of ['Secret', 'GlobalSecret']) {
    t.same(accepted(type, { data: 'YQ==' }).draft.spec, { data: 'YQ==' })
    t.same(accepted(type, { data: 'YWJj\nZGVm\r\n' }).draft.spec, { data: 'YWJjZGVm' })
    t.same(accepted(type, { data: '' }).draft.spec, {}, 'a secret without data has no such key')
    t.same(accepted(type, {}).draft.spec, {})
  }
})

t.test('says where text is not base64', async t => {
  const cases = [
    ['!!!!', 0],
    ['YW!j', 2],
    ['YWJ', 3],
    ['YQ=', 3],
    ['YQ==YQ==', 4],
    ['YWJ=x', 4],
    ['YQ=x', 2],
    ['====', 0],
    ['YW\nJ-', 4],
    ['YQ_=', 2],
  ] as const
  for (const [data, at] of cases) {
    t.match(
      read('Secret', { data }),
      {
        ok: false,
        title: 'Bad Request',
        detail: `invalid Secret object: "illegal base64 data at input byte ${at}"`,
        violations: [{ field: 'data' }],
      },
      data,
    )
  }
})
