/**
 * Encodes API objects, given as JSON has them, in protobuf as the API server does.
 *
 * The fields and their numbers are those of the `generated.proto` files of k8s.io/api and k8s.io/apimachinery 0.36.
 */

/** How a field is encoded: its number, and the type of its value or of each element of its list. */
type Field = readonly [number: number, type: "text" | "number" | "flag" | "time" | "map" | Message];

/** The fields of a message. */
type Message = { readonly [name: string]: Field };

const OBJECT_META: Message = {
  name: [1, "text"],
  generateName: [2, "text"],
  namespace: [3, "text"],
  uid: [5, "text"],
  resourceVersion: [6, "text"],
  generation: [7, "number"],
  creationTimestamp: [8, "time"],
  deletionTimestamp: [9, "time"],
  labels: [11, "map"],
  annotations: [12, "map"],
  finalizers: [14, "text"],
  managedFields: [17, { manager: [1, "text"], operation: [2, "text"], time: [4, "time"] }],
};
const CLIENT_IP: Message = { timeoutSeconds: [1, "number"] };
const INGRESS: Message = { ip: [1, "text"], hostname: [2, "text"], ipMode: [3, "text"] };
const SERVICE_PORT: Message = {
  name: [1, "text"],
  protocol: [2, "text"],
  port: [3, "number"],
  targetPort: [4, { type: [1, "number"], intVal: [2, "number"], strVal: [3, "text"] }],
  nodePort: [5, "number"],
  appProtocol: [6, "text"],
};
const NAMED: Message = { name: [1, "text"] };
const ENDPOINT: Message = {
  addresses: [1, "text"],
  conditions: [2, { ready: [1, "flag"], serving: [2, "flag"], terminating: [3, "flag"] }],
  hostname: [3, "text"],
  targetRef: [4, { kind: [1, "text"], namespace: [2, "text"], name: [3, "text"] }],
  deprecatedTopology: [5, "map"],
  nodeName: [6, "text"],
  zone: [7, "text"],
  hints: [8, { forZones: [1, NAMED], forNodes: [2, NAMED] }],
};
const LIST_META: Message = {
  resourceVersion: [2, "text"],
  continue: [3, "text"],
  remainingItemCount: [4, "number"],
};

const OBJECTS: Readonly<Record<string, Message>> = {
  Service: {
    metadata: [1, OBJECT_META],
    spec: [2, {
      ports: [1, SERVICE_PORT],
      selector: [2, "map"],
      clusterIP: [3, "text"],
      type: [4, "text"],
      externalIPs: [5, "text"],
      sessionAffinity: [7, "text"],
      loadBalancerSourceRanges: [9, "text"],
      externalName: [10, "text"],
      externalTrafficPolicy: [11, "text"],
      healthCheckNodePort: [12, "number"],
      publishNotReadyAddresses: [13, "flag"],
      sessionAffinityConfig: [14, { clientIP: [1, CLIENT_IP] }],
      ipFamilyPolicy: [17, "text"],
      clusterIPs: [18, "text"],
      ipFamilies: [19, "text"],
      allocateLoadBalancerNodePorts: [20, "flag"],
      internalTrafficPolicy: [22, "text"],
      trafficDistribution: [23, "text"],
    }],
    status: [3, { loadBalancer: [1, { ingress: [1, INGRESS] }] }],
  },
  EndpointSlice: {
    metadata: [1, OBJECT_META],
    endpoints: [2, ENDPOINT],
    ports: [3, {
      name: [1, "text"],
      protocol: [2, "text"],
      port: [3, "number"],
      appProtocol: [4, "text"],
    }],
    addressType: [4, "text"],
  },
  Node: {
    metadata: [1, OBJECT_META],
    spec: [2, {
      podCIDR: [1, "text"],
      unschedulable: [4, "flag"],
      taints: [5, { key: [1, "text"], value: [2, "text"], effect: [3, "text"] }],
      podCIDRs: [7, "text"],
    }],
    status: [3, { addresses: [5, { type: [1, "text"], address: [2, "text"] }] }],
  },
  ServiceCIDR: { metadata: [1, OBJECT_META], spec: [2, { cidrs: [1, "text"] }] },
  Status: {
    metadata: [1, LIST_META],
    status: [2, "text"],
    message: [3, "text"],
    reason: [4, "text"],
    details: [5, { retryAfterSeconds: [5, "number"] }],
    code: [6, "number"],
  },
};

/** The wire types. */
const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/** Encodes a whole answer: an object of `kind`, or a list as `ServiceList`. */
export function encodeBody(kind: string, object: unknown): Uint8Array<ArrayBuffer> {
  const list = kind.endsWith("List") ? OBJECTS[kind.slice(0, -"List".length)] : undefined;
  const message = list ? { metadata: [1, LIST_META], items: [2, list] } as const : OBJECTS[kind];
  return envelope(kind, encodeMessage(message ?? { metadata: [1, OBJECT_META] }, object));
}

/** Encodes an event of a watch of `kind`, with its length before it. */
export function encodeEvent(type: string, kind: string, object: unknown): Uint8Array<ArrayBuffer> {
  return frame(encodeWatchEvent(type, encodeBody(kind, object)));
}

/** Encodes an event whose object is already encoded. */
export function encodeWatchEvent(type: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat([...bytesField(1, utf8(type)), ...bytesField(2, concat(bytesField(1, body)))]);
}

/** Puts the length before `bytes`, as four bytes. */
export function frame(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const framed = new Uint8Array(4 + bytes.length);
  new DataView(framed.buffer).setUint32(0, bytes.length);
  framed.set(bytes, 4);
  return framed;
}

/** Encodes the own message of an object of `kind`, without what stands around it. */
export function encodeObject(kind: string, object: unknown): Uint8Array<ArrayBuffer> {
  return encodeMessage(OBJECTS[kind]!, object);
}

/** Puts `kind` and whatever an object has to begin with before its own message. */
export function envelope(kind: string, raw: Uint8Array): Uint8Array<ArrayBuffer> {
  const typeMeta = concat([...bytesField(1, utf8("v1")), ...bytesField(2, utf8(kind))]);
  return concat([
    utf8("k8s\0"),
    ...bytesField(1, typeMeta),
    ...bytesField(2, raw),
    ...bytesField(3, utf8("")),
    ...bytesField(4, utf8("")),
  ]);
}

/** Encodes a field of bytes. */
export function bytesField(number: number, bytes: Uint8Array): Uint8Array[] {
  return [varint(number << 3 | BYTES), varint(bytes.length), bytes];
}

/** Encodes a field that is a number. */
export function numberField(number: number, value: number): Uint8Array[] {
  return [varint(number << 3 | VARINT), varint(value)];
}

/** Encodes a field of four or eight bytes. */
export function fixedField(number: number, bytes: Uint8Array): Uint8Array[] {
  return [varint(number << 3 | (bytes.length === 8 ? FIXED_64 : FIXED_32)), bytes];
}

/** Joins pieces. */
export function concat(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

function encodeMessage(message: Message, object: unknown): Uint8Array<ArrayBuffer> {
  const values = object as Readonly<Record<string, unknown>>;
  const fields = Object.entries(message).toSorted(([, [a]], [, [b]]) => a - b);
  return concat(fields.flatMap(([name, field]) => encodeField(field, values[name])));
}

function encodeField([number, type]: Field, value: unknown): Uint8Array[] {
  if (value === undefined || value === null) return [];
  if (type === "map") return Object.entries(value).flatMap((entry) => mapEntry(number, entry));
  if (Array.isArray(value)) return value.flatMap((one) => encodeField([number, type], one));
  switch (type) {
    case "text":
      return bytesField(number, utf8(value as string));
    case "number":
      return numberField(number, value as number);
    case "flag":
      return numberField(number, value ? 1 : 0);
    case "time":
      return bytesField(number, concat(numberField(1, Date.parse(value as string) / 1000)));
    default:
      return bytesField(number, encodeMessage(type, value));
  }
}

function mapEntry(number: number, [key, value]: [string, unknown]): Uint8Array[] {
  const entry = [...bytesField(1, utf8(key)), ...bytesField(2, utf8(value as string))];
  return bytesField(number, concat(entry));
}

/** Encodes a whole number; negative ones have ten bytes. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
