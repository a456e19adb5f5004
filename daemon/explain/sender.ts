import { parseIp, stringifyIp } from "ip-bigint";
import { cidrContains, isLoopback } from "../../model/address.ts";
import { type Family, familyOf } from "../../model/family.ts";
import type { Frontend } from "../../model/frontend.ts";
import type { Origin } from "../../model/policy.ts";
import type { Settings } from "../../model/settings.ts";
import type { From } from "./question.ts";

/** Who opens a connection. */
export interface Sender {
  readonly origin: Origin;
  readonly address: string;
  /** The interface by which it comes in; undefined when the node itself sends. */
  readonly ingress: string | undefined;
}

/** Addresses that are in nobody's network (RFC 5737, RFC 3849). */
const STRANGERS: Readonly<Record<Family, string>> = {
  IPv4: "203.0.113.77",
  IPv6: "2001:db8:ffff::77",
};

/** Returns who is meant: the sender itself, or one that stands for its kind. */
export function senderOf(from: From, frontend: Frontend, settings: Settings): Sender {
  if (typeof from === "object") return senderAt(from.address, settings);
  switch (from) {
    case "pod":
      return podFor(frontend, settings);
    case "node":
      return { origin: "host", address: nodeAddress(frontend, settings), ingress: undefined };
    case "outside":
      return { origin: "outside", address: strangerTo(frontend, settings), ingress: OUTER };
  }
}

/** Says what cannot be known of senders; undefined when all can. */
export function doubtAbout(from: From | undefined, settings: Settings): string | undefined {
  if (settings.detector === undefined) {
    return "Nobody can be told to be a pod here (detectLocalMode, clusterCIDR): pods are treated as anybody else";
  }
  if (typeof from !== "object" || settings.detector.by === "source") return undefined;
  return senderAt(from.address, settings).origin === "host"
    ? undefined
    : `Pods are told by their interface here, not by their address: ` +
      `if "${from.address}" is one, ask with --from pod`;
}

const OUTER = "outside";

function senderAt(address: string, { detector, localAddresses }: Settings): Sender {
  const isPod = detector?.by === "source" && cidrContains(detector.cidr, address);
  const isOwn = isLoopback(address) || localAddresses.includes(address);
  const origin = isPod ? "pod" : isOwn ? "host" : "outside";
  return { origin, address, ingress: isOwn ? undefined : isPod ? "pod" : OUTER };
}

function podFor(frontend: Frontend, { detector }: Settings): Sender {
  const ingress = detector?.by === "interface"
    ? detector.name
    : detector?.by === "interface-prefix"
    ? `${detector.prefix}0`
    : "pod";
  const range = detector?.by === "source" ? detector.cidr : undefined;
  const address = range === undefined
    ? STRANGERS[familyOfFrontend(frontend)]
    : addressIn(range, frontend);
  return { origin: "pod", address, ingress };
}

function nodeAddress(frontend: Frontend, { nodeAddress, localAddresses }: Settings): string {
  const family = familyOfFrontend(frontend);
  return nodeAddress ?? localAddresses[0] ?? (family === "IPv4" ? "127.0.0.1" : "::1");
}

/** Returns the address of somebody outside, one that source ranges admit where they admit any such. */
function strangerTo(frontend: Frontend, settings: Settings): string {
  const stranger = STRANGERS[familyOfFrontend(frontend)];
  const { allowedSources } = frontend;
  if (allowedSources === "any") return stranger;
  const admitted = allowedSources.map((range) => addressIn(range, frontend));
  return admitted.find((address) => senderAt(address, settings).origin === "outside") ?? stranger;
}

function familyOfFrontend({ owner }: Frontend): Family {
  return familyOf(owner.clusterIP);
}

/** Returns an address of a range that no endpoint of the frontend has, where the range is large enough. */
function addressIn(cidr: string, { cluster, local }: Frontend): string {
  const [first = "", bits] = cidr.split("/");
  const { number, version } = parseIp(first);
  const taken = new Set([...cluster, ...local].map(({ address }) => address));
  const room = 2 ** Math.min((version === 4 ? 32 : 128) - Number(bits), 16);
  let address = first;
  for (let step = room - 2; step > 0; step--) {
    address = stringifyIp({ number: number + BigInt(step), version });
    if (!taken.has(address)) break;
  }
  return address;
}
