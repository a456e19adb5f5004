import type {
  CoreV1EndpointPort,
  V1EndpointAddress,
  V1Endpoints,
  V1EndpointSlice,
  V1EndpointSubset,
} from "@kubernetes/client-node";
import { FAMILIES, type Family, familyOf } from "../model/family.ts";
import { Fields } from "./fields.ts";

const TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time";

/**
 * Converts a `v1` Endpoints object to EndpointSlices, as the EndpointSliceMirroring controller does: a slice per subset
 * and address family, named `<name>-<subset>-<family>`. Addresses under `notReadyAddresses` become endpoints that are
 * not ready.
 *
 * Throws `ObjectError` when the object has no name, or a field of the wrong type.
 */
export function slicesOf(raw: unknown): V1EndpointSlice[] {
  const endpoints = Fields.of<V1Endpoints>(raw, "Endpoints");
  const name = endpoints.object("metadata").requiredText("name");
  return endpoints.objects("subsets").flatMap((subset, index) =>
    FAMILIES.flatMap((family) => {
      const members = [
        ...membersOf(subset.objects("addresses"), family, true),
        ...membersOf(subset.objects("notReadyAddresses"), family, false),
      ];
      if (members.length === 0) return [];
      return [{
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: metadataOf(endpoints, name, `${index}-${family.toLowerCase()}`),
        addressType: family,
        endpoints: members,
        ports: portsOf(subset),
      }];
    })
  );
}

function membersOf(addresses: Fields<V1EndpointAddress>[], family: Family, ready: boolean) {
  return addresses
    .filter((address) => familyOf(address.requiredText("ip")) === family)
    .map((address) => ({
      addresses: [address.text("ip")],
      conditions: { ready, serving: ready, terminating: false },
      nodeName: address.text("nodeName"),
    }));
}

function portsOf(subset: Fields<V1EndpointSubset>) {
  return subset.objects("ports").map((port: Fields<CoreV1EndpointPort>) => ({
    name: port.text("name"),
    protocol: port.text("protocol", "TCP"),
    port: port.integer("port", 1, 65535),
  }));
}

function metadataOf(endpoints: Fields<V1Endpoints>, name: string, suffix: string) {
  const metadata = endpoints.object("metadata");
  const triggerTime = metadata.entry("annotations", TRIGGER_TIME);
  return {
    namespace: metadata.text("namespace"),
    name: `${name}-${suffix}`,
    labels: { "kubernetes.io/service-name": name },
    annotations: { [TRIGGER_TIME]: triggerTime },
  };
}
