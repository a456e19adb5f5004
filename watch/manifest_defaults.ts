import type { V1EndpointSlice, V1Service } from "@kubernetes/client-node";
import { familyOf } from "../model/family.ts";
import { ObjectError } from "./fields.ts";

/**
 * Does what the API server's defaulting would do to a Service that a user wrote, as far as `strip` does not do it
 * anyway: `clusterIP` and `clusterIPs` follow from each other, `ipFamilies` from the addresses.
 *
 * Throws `ObjectError` when the Service needs what only an API server can give it: a cluster IP.
 */
export function defaultService(service: V1Service): V1Service {
  const spec = service.spec;
  if (typeof spec !== "object" || spec === null || spec.type === "ExternalName") return service;
  const clusterIPs = listOf(spec.clusterIPs) ?? (spec.clusterIP ? [spec.clusterIP] : []);
  const first = clusterIPs[0];
  if (first === undefined) {
    const { namespace = "default", name = "?" } = service.metadata ?? {};
    throw new ObjectError(
      `Cannot use Service "${namespace}/${name}": without an API server nobody allocates its cluster IP, ` +
        `write 'spec.clusterIP' (or "None")`,
    );
  }
  const ipFamilies = listOf(spec.ipFamilies) ??
    (first === "None" ? [] : clusterIPs.map((address) => familyOf(String(address))));
  return { ...service, spec: { ...spec, clusterIP: first, clusterIPs, ipFamilies } };
}

/**
 * Does what the API server's defaulting and validation would do to an EndpointSlice that a user wrote: a port without a
 * name has the name "".
 *
 * Throws `ObjectError` when `addressType` is missing.
 */
export function defaultSlice(slice: V1EndpointSlice): V1EndpointSlice {
  if (!slice.addressType) {
    const { namespace = "default", name = "?" } = slice.metadata ?? {};
    throw new ObjectError(
      `Cannot use EndpointSlice "${namespace}/${name}": it has no 'addressType', write "IPv4" or "IPv6"`,
    );
  }
  if (!Array.isArray(slice.ports)) return slice;
  return { ...slice, ports: slice.ports.map((port) => ({ ...port, name: port?.name ?? "" })) };
}

function listOf<T>(value: T[] | undefined | null): T[] | undefined {
  return Array.isArray(value) && value.length > 0 ? value : undefined;
}
