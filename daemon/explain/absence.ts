import { cidrContains, isLoopback } from "../../model/address.ts";
import { type DesiredState, winner } from "../../model/desired_state.ts";
import { familyOf } from "../../model/family.ts";
import { frontendKey } from "../../model/frontend.ts";
import { keyOf, type ObjectKey, type ServiceObject } from "../../model/objects.ts";
import { nodePortIPs } from "../../model/settings.ts";
import { frontendText } from "./frontend_text.ts";
import type { View } from "./find.ts";
import { addressesOf, namedBy, otherProtocols, similarServices } from "./nearby.ts";
import type { AddressTarget } from "./question.ts";

/** Why weir has nothing for a question. */
export interface Absence {
  readonly answer: string;
  readonly notes: readonly string[];
}

/** Ports that are named at the most. */
const MOST_NAMED = 20;

/**
 * Says what becomes of packets to an address and port that no Service port has.
 *
 * The only question that costs O(Services): nothing leads from an address to those who name it.
 */
export function addressAbsence(
  target: AddressTarget,
  view: View,
  state: DesiredState | undefined,
): Absence {
  const { address, port, protocol } = target;
  const name = frontendText(address, port, protocol);
  if (state === undefined) return familyAbsence(name, address, view);
  const { settings } = state;
  const notes = [...otherProtocols(target, state), ...namedBy(address, view, state)];
  if (state.clusterIPs.has(address)) {
    return {
      answer:
        `${name} is rejected: the address is a cluster IP, but no Service has this port on it`,
      notes,
    };
  }
  const range = settings.serviceCIDRs.find((cidr) => cidrContains(cidr, address));
  if (range !== undefined) {
    return {
      answer:
        `${name} is dropped: no Service has this address, and it is in the ServiceCIDR ${range}`,
      notes: [...notes, "The Service may have been deleted, and its address may still be cached"],
    };
  }
  const isOwn = settings.localAddresses.includes(address) || isLoopback(address);
  if (isOwn) return ownAddress(target, state, notes);
  const isPod = settings.detector?.by === "source" && cidrContains(settings.detector.cidr, address);
  return {
    answer: `${name} is not weir's business: no Service has it`,
    notes: [
      ...notes,
      ...(state.hairpins.has(address)
        ? ["It is an endpoint of a Service on this node: packets go straight there"]
        : isPod
        ? ["It is an address of pods: packets go straight there"]
        : []),
    ],
  };
}

/** Says why weir has no Service of a name. */
export function serviceAbsence(key: ObjectKey, view: View): Absence {
  const near = similarServices(key, view);
  return {
    answer: `weir knows no Service "${key}"`,
    notes: [
      ...(view.snapshot.slices.has(key) ? ["There are EndpointSlices that name it"] : []),
      "If it exists, it is headless (clusterIP: None), which needs no proxy: DNS leads to the Pods, " +
      'or has the label "service.kubernetes.io/service-proxy-name", which leaves it to another proxy',
      ...(near.length > 0 ? [`Services of a similar name: ${near.join(", ")}`] : []),
    ],
  };
}

/** Says why a Service that is there has nothing, or not this port. */
export function portAbsence(
  service: ServiceObject,
  port: string | undefined,
  view: View,
): Absence {
  const name = `Service "${keyOf(service)}"`;
  const problems = view.states.flatMap(({ services }) =>
    (services.get(keyOf(service))?.problems ?? []).map(({ message }) => message)
  );
  const notes = [...new Set(problems)];
  if (view.states.length === 0) return { answer: `${name}: no sync has begun yet`, notes };
  if (service.type === "ExternalName") {
    return { answer: `${name} is an ExternalName: a name in DNS, weir has no part in it`, notes };
  }
  if (service.clusterIP === "None") {
    return {
      answer: `${name} is headless: it has no address, DNS leads to the Pods themselves`,
      notes,
    };
  }
  if (service.clusterIP === "") {
    return { answer: `${name} has no cluster IP (yet): nothing can be programmed for it`, notes };
  }
  if (service.ports.length === 0) return { answer: `${name} has no ports`, notes };
  const texts = service.ports.map((one) => {
    const label = one.name === "" ? "" : ` "${one.name}"`;
    return `${one.port}/${one.protocol}${label}${
      one.nodePort === 0 ? "" : `, node port ${one.nodePort}`
    }`;
  });
  const ports = `Its ports: ${texts.slice(0, MOST_NAMED).join("; ")}`;
  if (port !== undefined) {
    return { answer: `${name} has no port "${port}"`, notes: [ports, ...notes] };
  }
  const families = view.states.map(({ family }) => family).join(" and ");
  return {
    answer: `${name} has nothing that is programmed here (${families})`,
    notes: [
      `Its addresses: ${addressesOf(service).map(([one]) => one).join(", ")}`,
      ports,
      ...notes,
    ],
  };
}

function familyAbsence(name: string, address: string, { states }: View): Absence {
  const families = states.map(({ family }) => family).join(" and ");
  return {
    answer: `${name}: weir has no rules for ${familyOf(address)}`,
    notes: [states.length === 0 ? "No sync has begun yet" : `It programs ${families} here`],
  };
}

/** Says what becomes of packets to an address of this node. */
function ownAddress(
  { address, port, protocol }: AddressTarget,
  state: DesiredState,
  notes: readonly string[],
): Absence {
  const name = frontendText(address, port, protocol);
  const owner = winner(state, frontendKey("", protocol, port))?.owner.name;
  if (owner === undefined) {
    return {
      answer: `${name} is not weir's business: an address of this node, and no Service's node port`,
      notes: [...notes, "Packets go to whatever listens there"],
    };
  }
  const open = nodePortIPs(state.settings);
  const why = isLoopback(address)
    ? "node ports never answer on loopback"
    : "nodePortAddresses leave this address out";
  return {
    answer: `${name}: the node port of "${owner}" is not open on this address: ${why}`,
    notes: [
      ...notes,
      open.length > 0
        ? `It answers on ${open.map((one) => frontendText(one, port, protocol)).join(", ")}`
        : "It answers on no address of this node",
    ],
  };
}
