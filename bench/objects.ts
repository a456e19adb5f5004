/** The node's name and address. */
export const NODE_NAME = "node";
export const NODE_ADDRESS = "192.0.2.10";

/** Where pods are. */
export const POD_CIDR = "10.128.0.0/9";

/** Where endpoints are: all these addresses are the server pod's, so that every endpoint can be connected to. */
export const ENDPOINT_CIDRS: readonly string[] = ["10.128.0.0/10", "10.192.0.0/11"];

/** Real addresses of the server pod: it answers on them over UDP too. */
export const PODS: readonly string[] = Array.from({ length: 10 }, (_, i) => `10.255.0.${i + 1}`);

/** The pod that connects. */
export const CLIENT_ADDRESS = "10.255.1.1";

/** Where endpoints listen: an agent that answers, and responders for measurements. */
export const TARGET_PORT = 8080;
export const TRAFFIC_PORT = 8081;

/** The cluster IPs of Services with a part to play. */
export const HELPERS = {
  /** Its endpoint comes and goes, to tell that a change is in force. */
  marker: "10.96.1.1",
  scaled: "10.96.1.2",
  added: "10.96.1.3",
  traffic: "10.96.1.4",
  sticky: "10.96.1.5",
} as const;

/** What a Service and its slices have in them. */
export interface SliceSpec {
  readonly addresses: readonly string[];
  /** Whether there is a UDP port beside the TCP port. */
  readonly udp?: boolean;
  readonly affinity?: boolean;
}

/** The cluster IP of the Service with this number. */
export function serviceAddress(index: number): string {
  return within([10, 100], index + 1);
}

/** The address of the endpoint with this number. */
export function endpointAddress(index: number): string {
  return within([10, 128], index + 1);
}

/** The address of an endpoint that has moved; never used before. */
export function movedAddress(index: number): string {
  return within([10, 200], index + 1);
}

/** An address for scaling up. */
export function extraAddress(index: number): string {
  return within([10, 220], index + 1);
}

/** A Service. */
export function serviceBody(name: string, clusterIP: string, spec: Partial<SliceSpec>) {
  const tcp = { name: "http", port: 80, protocol: "TCP" };
  const udp = { name: "datagrams", port: 80, protocol: "UDP" };
  return {
    metadata: { name },
    spec: {
      clusterIP,
      ports: spec.udp ? [tcp, udp] : [tcp],
      sessionAffinity: spec.affinity ? "ClientIP" : "None",
    },
  };
}

/** The slice with number `index` of Service `service`. */
export function sliceBody(service: string, index: number, { addresses, udp }: SliceSpec) {
  const port = udp ? TRAFFIC_PORT : TARGET_PORT;
  const tcp = { name: "http", port, protocol: "TCP" };
  return {
    metadata: {
      name: `${service}-${index}`,
      labels: { "kubernetes.io/service-name": service },
    },
    addressType: "IPv4",
    ports: udp ? [tcp, { name: "datagrams", port, protocol: "UDP" }] : [tcp],
    endpoints: addresses.map((address) => ({
      addresses: [address],
      conditions: { ready: true },
      nodeName: "another-node",
    })),
  };
}

function within([a, b]: readonly [number, number], offset: number): string {
  return `${a}.${b + (offset >> 16)}.${(offset >> 8) & 255}.${offset & 255}`;
}
