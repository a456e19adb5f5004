import { normaliseAddress } from "../../model/address.ts";
import { type DesiredState, winner } from "../../model/desired_state.ts";
import { PROTOCOLS } from "../../model/family.ts";
import { type Frontend, frontendKey } from "../../model/frontend.ts";
import type { ObjectKey, ServiceObject } from "../../model/objects.ts";
import { nodePortIPs } from "../../model/settings.ts";
import type { View } from "./find.ts";
import { frontendText } from "./frontend_text.ts";
import type { AddressTarget } from "./question.ts";

/** Suggestions that are made at the most. */
const MOST_NAMED = 5;

/** Names Service ports that have the address and port with another protocol. */
export function otherProtocols(
  { address, port, protocol }: AddressTarget,
  state: DesiredState,
): readonly string[] {
  const hosts = nodePortIPs(state.settings).includes(address) ? [address, ""] : [address];
  const found = PROTOCOLS.filter((other) => other !== protocol).flatMap((other) =>
    hosts.flatMap((host) => winner(state, frontendKey(host, other, port)) ?? [])
  );
  return found.map(({ owner, protocol: other }) =>
    `"${owner.name}" has ${frontendText(address, port, other)}: ask with /${other.toLowerCase()}`
  );
}

/** Names what Services have on an address, and those that name it without having it. */
export function namedBy(
  address: string,
  { snapshot }: View,
  state: DesiredState,
): readonly string[] {
  const notes: string[] = [];
  for (const [key, service] of snapshot.services) {
    if (notes.length >= MOST_NAMED) break;
    const roles = addressesOf(service).filter(([one]) => normaliseAddress(one) === address);
    if (roles.length === 0) continue;
    const held = (state.services.get(key)?.ports ?? []).flatMap(({ frontends }) => frontends)
      .filter((frontend) => frontend.address === address);
    notes.push(
      held.length > 0
        ? `Service "${key}" has there: ${held.slice(0, MOST_NAMED).map(textOf).join(", ")}`
        : `Service "${key}" names the address in ${roles[0]?.[1]}`,
    );
  }
  return notes;
}

function textOf({ address, port, protocol }: Frontend): string {
  return frontendText(address, port, protocol);
}

/** Returns the addresses that a Service names, and where. */
export function addressesOf(service: ServiceObject): readonly (readonly [string, string])[] {
  return [
    ...[service.clusterIP, ...service.clusterIPs].map((one) => [one, "spec.clusterIPs"] as const),
    ...service.externalIPs.map((one) =>
      [one, "spec.externalIPs, which are not offered (AllowServiceExternalIPs)"] as const
    ),
    ...service.ingress.map(({ ip, ipMode }) =>
      [
        ip,
        `status.loadBalancer.ingress with ipMode ${ipMode}: clients go to the load balancer`,
      ] as const
    ),
  ];
}

/** Returns the keys of Services whose names are like that of a Service that is not there. */
export function similarServices(key: ObjectKey, { snapshot }: View): readonly ObjectKey[] {
  const [namespace = "", name = ""] = key.split("/");
  const similar = new Set<ObjectKey>();
  for (const other of snapshot.services.keys()) {
    const [otherNamespace, otherName = ""] = other.split("/");
    const isAlike = otherNamespace === namespace
      ? otherName.includes(name) || isNear(otherName, name)
      : otherName === name;
    if (isAlike && similar.size < MOST_NAMED) similar.add(other);
  }
  return [...similar];
}

/** Tells whether two names differ in no more than a letter or two. */
function isNear(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 2) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return Math.max(a.length, b.length) - start - end <= 2 && start + end > 0;
}
