/** The shape of a Dataplane with the text of every field (kuma-api 4.5). */
import { z } from 'zod'
import { protobufDuration, tagsSchema } from '../fields.ts'
import { prometheusOverrideSchema } from '../mesh/prometheus.ts'
import { number, optional, text } from '../schema/doc.ts'
import { uint32 } from '../values.ts'

const PORT_RULE = { rule: '1 to 65535' }
const PROTO = 'kuma.mesh.v1alpha1.Dataplane'

const stateSchema = (description: string) =>
  optional(z.enum(['Ready', 'NotReady', 'Ignored']), description, {
    default: 'Ready',
    zero: 'Ready',
    protoEnum: `${PROTO}.Networking.Inbound.State`,
  })

const ONE_OF = { rule: 'one of tcp, http, grpc, exec and systemd' }

const serviceProbeSchema = z.object({
  interval: optional(protobufDuration, 'Time between two probes.', { default: '1s', rule: 'greater than 0' }),
  timeout: optional(protobufDuration, 'Time for one probe.', { default: '2s', rule: 'greater than 0' }),
  unhealthyThreshold: optional(z.int(), 'Failures in a row until the application is not ready.', {
    default: '1',
    rule: 'greater than 0',
    keepsZero: true,
  }),
  healthyThreshold: optional(z.int(), 'Successes in a row until it is ready again.', {
    default: '1',
    rule: 'greater than 0',
    keepsZero: true,
  }),
  tcp: optional(
    z.object({}),
    'The probe is a TCP connection to servicePort; so it is where none of the others is given.',
  ),
  http: optional(
    z.object({
      path: optional(z.string(), 'Path that is asked for.', { default: '/', rule: 'starts with /' }),
      host: optional(z.string(), 'Host header of the request.', { default: 'serviceAddress:servicePort' }),
      expectedStatuses: optional(z.array(z.int()), 'Statuses that say that the application is well.', {
        default: '200',
        rule: '100 to 599',
      }),
    }),
    'The probe is a GET, with HTTP/2 where the protocol is http2 or grpc.',
    ONE_OF,
  ),
  grpc: optional(
    z.object({
      service: optional(z.string(), 'Service that is asked about.', { default: 'the server as a whole' }),
    }),
    'The probe is grpc.health.v1.Health/Check.',
    ONE_OF,
  ),
  exec: optional(
    z.object({
      command: optional(z.array(z.string()), 'Program and arguments; no shell reads them.', {
        rule: 'not empty',
      }),
    }),
    'The probe is a program that exits with 0. Run by data planes that are started with --allow-exec-probes=true; with others the inbound is not ready.',
    ONE_OF,
  ),
  systemd: optional(
    z.object({ unit: text('Name of the unit.', { rule: 'letters, digits, :_.@- and backslashes' }) }),
    'The probe asks systemd whether the unit is active.',
    ONE_OF,
  ),
})

const inboundSchema = z.object({
  port: number('Port on which the proxy takes calls of the mesh.', PORT_RULE),
  servicePort: optional(z.int(), 'Port of the application.', { default: 'port', ...PORT_RULE }),
  serviceAddress: optional(z.string(), 'Address of the application.', {
    default: '127.0.0.1',
    rule: 'an IP address; serviceAddress and servicePort may not be those on which the proxy listens',
  }),
  address: optional(z.string(), 'Address on which the proxy takes calls.', {
    default: 'networking.address',
    rule: 'an IP address',
  }),
  name: optional(z.string(), 'Name of the inbound, for sectionName in policies.', {
    default: 'the port',
    rule: 'unique in the Dataplane',
  }),
  protocol: optional(
    z.string(),
    'Protocol of the application; overrides the tag kuma.io/protocol. With http2 and grpc it is called with HTTP/2; callers of all three may use HTTP/1.1 or HTTP/2. kafka is carried as tcp.',
    {
      default: 'tcp',
      rule: 'grpc, http, http2, kafka or tcp',
    },
  ),
  tags: optional(
    tagsSchema,
    'What callers and policies select by: kuma.io/service names the service, kuma.io/protocol its protocol (http, ' +
      'http2, grpc; all others are carried as tcp); kuma.io/zone is set by the control plane.',
    { rule: 'with kuma.io/service where there is any' },
  ),
  health: optional(
    z.object({ ready: optional(z.boolean(), 'Whether the application takes calls.', { default: 'false' }) }),
    'Older form of state.',
  ),
  state: stateSchema('Whether callers get this inbound: Ready, NotReady (not now), Ignored (never).'),
  serviceProbe: optional(
    serviceProbeSchema,
    'How the data plane probes the application. Callers get the inbound once a probe has succeeded, and not while they fail.',
    { default: 'not probed: the inbound is ready' },
  ),
})

const backendRefSchema = z.object({
  kind: text('MeshService, MeshExternalService or MeshMultiZoneService.'),
  name: optional(z.string(), 'Name of the destination.', { rule: 'this or labels' }),
  port: optional(z.int(), 'Port of the destination.', {
    ...PORT_RULE,
    default: 'none for MeshExternalService',
  }),
  labels: optional(tagsSchema, 'Labels of the destination.', { rule: 'this or name' }),
})

const outboundSchema = z.object({
  port: number('Local port that the application calls.', PORT_RULE),
  address: optional(z.string(), 'Local address that the application calls.', {
    default: '127.0.0.1',
    rule: 'an IP address',
  }),
  tags: optional(tagsSchema, 'The destination: kuma.io/service and, for a part of it, more tags.', {
    rule: 'with kuma.io/service',
  }),
  backendRef: optional(backendRefSchema, 'The destination as a resource.', {
    rule: 'not together with tags',
    unenforced: { message: 'the outbound is not opened; name the service by tags' },
  }),
})

const gatewaySchema = z.object({
  type: optional(
    z.enum(['DELEGATED', 'BUILTIN']),
    'DELEGATED: a gateway of another make stands before this proxy. BUILTIN: the proxy is the gateway.',
    {
      default: 'DELEGATED',
      zero: 'DELEGATED',
      protoEnum: `${PROTO}.Networking.Gateway.GatewayType`,
      unenforced: {
        values: ['BUILTIN'],
        message: 'there are no builtin gateways: this data plane accepts no calls from outside',
      },
    },
  ),
  tags: optional(tagsSchema, 'As of an inbound.', {
    rule: 'with kuma.io/service where there is any; kuma.io/protocol may be tcp only',
  }),
})

const listenerSchema = z.object({
  type: optional(z.enum(['ZoneIngress', 'ZoneEgress']), 'What the listener is for.', {
    protoEnum: `${PROTO}.Networking.Listener.Type`,
  }),
  address: optional(z.string(), 'Address on which it listens.', { default: 'networking.address' }),
  port: number('Port on which it listens.', PORT_RULE),
  name: optional(z.string(), 'Name of the listener.', { rule: 'unique in the Dataplane' }),
  state: stateSchema('Whether callers get this listener.'),
})

/** Of transparent proxies; accepted, since files of others have it. */
const transparentProxyingSchema = z.object({
  redirectPortInbound: optional(uint32, 'Port to which calls from outside are redirected.'),
  redirectPortOutbound: optional(uint32, 'Port to which calls of the application are redirected.'),
  redirectPortInboundV6: optional(uint32, 'As redirectPortInbound, for IPv6.'),
  ipFamilyMode: optional(z.string(), 'Which IP families are redirected.'),
  directAccessServices: optional(
    z.array(z.string()),
    'Services that are reached by the address of each instance.',
  ),
  reachableServices: optional(z.array(z.string()), 'Services that the application calls.'),
  reachableBackends: optional(z.unknown(), 'Destinations that the application calls.'),
})

const networkingSchema = z.object({
  address: text('Address of the proxy for other members of the mesh.', {
    rule: 'an IP address or a DNS name',
  }),
  advertisedAddress: optional(z.string(), 'Address that others use, where it differs (NAT).', {
    default: 'address',
    rule: 'an IP address or a DNS name',
  }),
  gateway: optional(gatewaySchema, 'The proxy is a gateway: it has no inbounds.'),
  inbound: optional(z.array(inboundSchema), 'What the proxy takes calls for.'),
  outbound: optional(z.array(outboundSchema), 'What the application calls.'),
  listeners: optional(z.array(listenerSchema), 'Listeners of zone proxies.', {
    unenforced: { message: 'no zone listeners are opened' },
  }),
  transparentProxying: optional(transparentProxyingSchema, 'Settings of a transparent proxy.', {
    unenforced: { message: 'calls are not intercepted: the application calls its outbounds' },
  }),
  admin: optional(
    z.object({
      port: optional(z.int(), 'Port of the admin interface of Envoy.', {
        default: '9901',
        rule: 'not that of an inbound or outbound on 127.0.0.1',
      }),
    }),
    'Admin interface of the proxy.',
    { unenforced: { message: 'there is no admin port; ask with: vmesh-dp status' } },
  ),
})

const probesSchema = z.object({
  port: number('Port of the virtual probes.', PORT_RULE),
  endpoints: optional(
    z.array(
      z.object({
        inboundPort: number('Port of the inbound that is probed.', PORT_RULE),
        inboundPath: text('Path of the application.', { rule: 'starts with /' }),
        path: text('Path of the virtual probe.', { rule: 'starts with /' }),
      }),
    ),
    'Virtual probes.',
  ),
})

export const dataplaneSchema = z.object({
  networking: optional(networkingSchema, 'Addresses and ports.', { rule: 'must be defined' }),
  metrics: optional(
    z.object({
      type: text('Kind of backend.', { rule: 'prometheus' }),
      name: optional(z.string(), 'Name of the backend of the mesh.'),
      conf: optional(prometheusOverrideSchema, 'What differs from the settings of the mesh.', {
        isStruct: true,
      }),
    }),
    "Overrides the mesh's metrics backend.",
    { unenforced: { message: 'the data plane offers no metrics by this backend' } },
  ),
  probes: optional(probesSchema, 'Virtual probes of Kubernetes.', {
    unenforced: { message: 'virtual probes are not opened' },
  }),
})

export type ServiceProbeSpec = z.infer<typeof serviceProbeSchema>
export type DataplaneSpec = z.infer<typeof dataplaneSchema>
