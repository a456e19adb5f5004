import type { Family } from "../../model/family.ts";
import type { ApiServer } from "./api_server.ts";

/** Where the API server has Nodes. */
export const NODES = "/api/v1/nodes";
/** Where it has the Services of namespace `default`. */
export const SERVICES = "/api/v1/namespaces/default/services";
/** Where it has their slices. */
export const SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";

/** Creates a Node with these internal addresses. */
export async function createNode(
  server: ApiServer,
  name: string,
  addresses: readonly string[] = [],
): Promise<void> {
  await server.request("POST", NODES, {
    metadata: { name },
    status: { addresses: addresses.map((address) => ({ type: "InternalIP", address })) },
  });
}

/** Creates a Service with one TCP port 80, changed as asked, and returns its uid. */
export async function createService(
  server: ApiServer,
  name: string,
  spec: object = {},
): Promise<string> {
  const body = { metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } };
  const { metadata } = await server.request("POST", SERVICES, body) as {
    metadata: { uid: string };
  };
  return metadata.uid;
}

/** Creates a slice of a Service with TCP port 8080, changed as asked. Endpoints are addresses, or the API's objects. */
export async function createSlice(
  server: ApiServer,
  owner: string,
  endpoints: readonly (string | object)[],
  { name = `${owner}-a`, ...changes }: {
    readonly name?: string;
    readonly addressType?: Family;
    readonly ports?: readonly object[];
  } = {},
): Promise<void> {
  await server.request("POST", SLICES, {
    metadata: { name, labels: { "kubernetes.io/service-name": owner } },
    addressType: "IPv4",
    ports: [{ name: "", port: 8080, protocol: "TCP" }],
    endpoints: endpoints.map((one) => typeof one === "string" ? { addresses: [one] } : one),
    ...changes,
  });
}

/** Creates a Service at `clusterIP` whose connections go to these addresses. */
export async function offer(
  server: ApiServer,
  name: string,
  clusterIP: string,
  addresses: readonly string[],
): Promise<void> {
  await createService(server, name, { clusterIP });
  await createSlice(server, name, addresses);
}

/** Creates Node `node-1` at `nodeAddress`, and Service `web` at 10.96.0.10 with endpoint 10.244.1.5. */
export async function createObjects(server: ApiServer, nodeAddress: string): Promise<void> {
  await createNode(server, "node-1", [nodeAddress]);
  await offer(server, "web", "10.96.0.10", ["10.244.1.5"]);
}
