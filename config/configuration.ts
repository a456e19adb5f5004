import { z } from "zod";
import { normaliseAddress } from "../model/address.ts";
import { withPort } from "./bind_address.ts";
import { quote } from "./config_error.ts";
import {
  duration,
  durationOrAbsent,
  durationOrNanoseconds,
  durationPointer,
  flag,
  flagPointer,
  float,
  int32,
  int32Pointer,
  is,
  list,
  quantity,
  section,
  text,
  uint32,
} from "./fields.ts";

/** The only version of the configuration's API. */
export const API_VERSION = "kubeproxy.config.k8s.io/v1alpha1";

/** The only kind in it. */
export const KIND = "KubeProxyConfiguration";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const HEALTHZ_PORT = 10256;
const METRICS_PORT = 10249;

// Fields of one kind share a schema: to make one for each field would take 3 ms of every start.
const TEXT = text();
const FLAG = flag();
const UINT32 = uint32();
const LIST = list();
const NO_TIME = duration(0);
const MASQUERADE_BIT = int32Pointer(14);
const SYNC_PERIOD = duration(30 * SECOND);
const MIN_SYNC_PERIOD = durationOrAbsent().transform((value) => value ?? SECOND);

const clientConnection = section({
  kubeconfig: TEXT,
  acceptContentTypes: TEXT,
  contentType: text("application/vnd.kubernetes.protobuf"),
  qps: float(5),
  burst: int32(10),
});

const outputOptions = section({ splitStream: FLAG, infoBufferSize: quantity() });

const logging = section({
  format: text("text"),
  flushFrequency: durationOrNanoseconds(5 * SECOND),
  verbosity: UINT32,
  vmodule: z.array(section({ filePattern: TEXT, verbosity: UINT32 }), is("a list"))
    .nullish().transform((value) => value ?? []),
  options: section({ text: outputOptions, json: outputOptions }),
});

const iptables = section({
  masqueradeBit: MASQUERADE_BIT,
  masqueradeAll: FLAG,
  localhostNodePorts: flagPointer(true),
  syncPeriod: SYNC_PERIOD,
  minSyncPeriod: MIN_SYNC_PERIOD,
});

const ipvs = section({
  syncPeriod: SYNC_PERIOD,
  minSyncPeriod: NO_TIME,
  scheduler: TEXT,
  excludeCIDRs: LIST,
  strictARP: FLAG,
  tcpTimeout: NO_TIME,
  tcpFinTimeout: NO_TIME,
  udpTimeout: NO_TIME,
});

const nftables = section({
  masqueradeBit: MASQUERADE_BIT,
  masqueradeAll: FLAG,
  syncPeriod: SYNC_PERIOD,
  minSyncPeriod: MIN_SYNC_PERIOD,
});

const conntrack = section({
  maxPerCore: int32Pointer(32768),
  min: int32Pointer(131072),
  tcpEstablishedTimeout: durationPointer(24 * HOUR),
  tcpCloseWaitTimeout: durationPointer(HOUR),
  tcpBeLiberal: FLAG,
  udpTimeout: NO_TIME,
  udpStreamTimeout: NO_TIME,
});

const winkernel = section({
  networkName: TEXT,
  sourceVip: TEXT,
  rootHnsEndpointName: TEXT,
  enableDSR: FLAG,
  forwardHealthCheckVip: FLAG,
});

/**
 * Every field with its default.
 *
 * They are described at https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/
 */
const schema = z.strictObject({
  apiVersion: exactly(API_VERSION),
  kind: exactly(KIND),
  featureGates: z.record(z.string(), FLAG, is("a group of booleans"))
    .nullish().transform((value): Readonly<Record<string, boolean>> => value ?? {}),
  clientConnection,
  logging,
  hostnameOverride: TEXT,
  bindAddress: text("0.0.0.0"),
  healthzBindAddress: TEXT,
  metricsBindAddress: TEXT,
  bindAddressHardFail: FLAG,
  enableProfiling: FLAG,
  showHiddenMetricsForVersion: TEXT,
  mode: TEXT,
  iptables,
  ipvs,
  nftables,
  winkernel,
  detectLocalMode: TEXT,
  detectLocal: section({ bridgeInterface: TEXT, interfaceNamePrefix: TEXT }),
  clusterCIDR: TEXT,
  nodePortAddresses: LIST,
  oomScoreAdj: int32Pointer(-999),
  conntrack,
  configSyncPeriod: duration(15 * MINUTE),
  portRange: TEXT,
  windowsRunAsService: FLAG,
}, is("a KubeProxyConfiguration")).transform(withListenAddresses).readonly();

/**
 * A `KubeProxyConfiguration` v1alpha1 with every default applied, under the API's field names. Durations are
 * milliseconds.
 *
 * It differs from kube-proxy's in one point: an explicit `minSyncPeriod: 0s` stays 0, and only an absent one is 1 s.
 */
export type KubeProxyConfiguration = z.output<typeof schema>;

/** zod would compile a schema that is used once or twice, which takes longer than to use it. */
const ONCE = { jitless: true };

/** Reads the decoded YAML or JSON of a `KubeProxyConfiguration` and applies the defaults. */
export function decodeConfiguration(data: unknown): z.ZodSafeParseResult<KubeProxyConfiguration> {
  return schema.safeParse(data, ONCE);
}

/** The configuration of an empty file. */
export function defaultConfiguration(): KubeProxyConfiguration {
  return schema.parse({ apiVersion: API_VERSION, kind: KIND }, ONCE);
}

/** The default addresses of the two servers have the family of `bindAddress`, and bare ones get the default ports. */
function withListenAddresses<
  T extends { bindAddress: string; healthzBindAddress: string; metricsBindAddress: string },
>(config: T): T {
  const ipv4 = normaliseAddress(config.bindAddress)?.includes(":") === false;
  return {
    ...config,
    healthzBindAddress: withPort(
      config.healthzBindAddress || (ipv4 ? "0.0.0.0" : "::"),
      HEALTHZ_PORT,
    ),
    metricsBindAddress: withPort(
      config.metricsBindAddress || (ipv4 ? "127.0.0.1" : "::1"),
      METRICS_PORT,
    ),
  };
}

/** A field that has one permitted value and no default. */
function exactly<Value extends string>(value: Value) {
  return z.literal(value, {
    error: ({ input }) =>
      input === undefined
        ? `The field is missing, write "${value}"`
        : `${quote(input)} is not supported, write "${value}"`,
  });
}
