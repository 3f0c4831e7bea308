/** Numbers as Prometheus reads them. */
import t from 'tap'
import { addProcessMetrics } from '../../../dp/base/metrics/process.ts'
import { Metrics } from '../../../dp/base/metrics.ts'

t.test('writes the text format, families in their order', async t => {
  const metrics = new Metrics()
  const requests = metrics.counters('requests_total', 'Requests.', ['method', 'status'])
  requests.of('GET', '200').add()
  requests.of('GET', '200').add(2)
  requests.of('PUT', '201').add()
  metrics.counter('faults_total', 'Faults.')
  const open = metrics.gauge('open', 'Open\nnow \\ here.')
  open.set(5)
  open.add(-2)
  metrics.read('gauge', 'asked', 'Asked for.', () => 1.5)
  t.equal(
    metrics.text(),
    [
      '# HELP requests_total Requests.',
      '# TYPE requests_total counter',
      'requests_total{method="GET",status="200"} 3',
      'requests_total{method="PUT",status="201"} 1',
      '# HELP faults_total Faults.',
      '# TYPE faults_total counter',
      'faults_total 0',
      '# HELP open Open\\nnow \\\\ here.',
      '# TYPE open gauge',
      'open 3',
      '# HELP asked Asked for.',
      '# TYPE asked gauge',
      'asked 1.5',
      '',
    ].join('\n'),
  )
})

t.test('buckets hold what is not above their bound, and add up', async t => {
  const metrics = new Metrics()
  const seconds = metrics.histograms('seconds', 'Time.', ['path'], [0.1, 1])
  for (const value of [0.05, 0.1, 0.2, 7]) seconds.of('a').observe(value)
  t.match(
    metrics.text(),
    [
      'seconds_bucket{path="a",le="0.1"} 2',
      'seconds_bucket{path="a",le="1"} 3',
      'seconds_bucket{path="a",le="+Inf"} 4',
      'seconds_sum{path="a"} 7.35',
      'seconds_count{path="a"} 4',
    ].join('\n'),
  )
})

t.test('escapes what people put into labels', async t => {
  const metrics = new Metrics()
  metrics.counters('c', 'C.', ['name']).of('a"b\\c\nd').add()
  t.match(metrics.text(), 'c{name="a\\"b\\\\c\\nd"} 1\n')
})

t.test('forgets a series, and puts beyond the bound together', async t => {
  const metrics = new Metrics()
  const gauges = metrics.gauges('g', 'G.', ['proxy'])
  gauges.of('gone').set(1)
  gauges.remove('gone')
  t.notMatch(metrics.text(), /gone/)
  for (let i = 0; i < 6_000; i++) gauges.of(`p${i}`).add(1)
  t.match(metrics.text(), /^g\{proxy="other"\} 1000$/m)
  t.equal(metrics.text().split('\n').length, 2 + 5_001 + 1)
})

t.test('refuses a name twice, a bad name and wrong labels', async t => {
  const metrics = new Metrics()
  metrics.counter('c', 'C.')
  t.throws(() => metrics.gauge('c', 'Again.'), /exists already/)
  t.throws(() => metrics.counter('a-b', 'Bad.'), /no name/)
  t.throws(() => metrics.counters('d', 'D.', ['x']).of('1', '2'), /expected values of: x/)
})

t.test('tells about the process when asked', async t => {
  const metrics = new Metrics()
  addProcessMetrics(metrics, '1.2.3')
  t.match(metrics.text(), /^vmesh_build_info\{version="1\.2\.3",node="v26\./m)
  t.match(metrics.text(), /^process_cpu_seconds_total \d/m)
})
