import { cidrContains } from "../../model/address.ts";
import { type DesiredState, winner } from "../../model/desired_state.ts";
import { endpointId } from "../../model/endpoint.ts";
import { type Frontend, type FrontendKey, frontendKey } from "../../model/frontend.ts";
import { nodePortIPs } from "../../model/settings.ts";
import { type Flow, isTranslated } from "./flow.ts";

/**
 * Why a flow is wrong:
 *
 * - `endpoint-gone`: it leads to something that is not, or no longer, an endpoint of the Service port
 * - `no-endpoints`: the Service port has no endpoints, so that nothing it leads to is right
 * - `not-translated`: it began before its frontend existed, and bypasses it
 * - `frontend-gone`: it was translated for a frontend that is no longer offered
 */
export type StaleReason = "endpoint-gone" | "no-endpoints" | "not-translated" | "frontend-gone";

/** What was offered earlier and is not any more. */
export interface Gone {
  readonly frontends: ReadonlySet<FrontendKey>;
  /** Addresses on which node ports no longer answer. */
  readonly nodePortIPs: ReadonlySet<string>;
  /** True when it is not known what was offered, as after a start. */
  readonly forgotten: boolean;
}

/** Says why a flow is wrong, or undefined when it is right or none of weir's business. */
export type Judge = (flow: Flow) => StaleReason | undefined;

/**
 * Returns the judge of flows under `state`. A verdict costs O(1): it looks at what the state has, and builds a set of
 * endpoints only for a frontend that has flows.
 *
 * Only UDP flows may be shown to it. It never looks at the client: all flows from one destination to one endpoint are
 * right or wrong together.
 */
export function judgeOf(state: DesiredState, gone: Gone): Judge {
  const nodeAddresses = new Set(nodePortIPs(state.settings));
  const idsOf = idLists();
  return (flow) => {
    const frontend = frontendOf(flow, state, nodeAddresses);
    if (frontend !== undefined) {
      const { replySource, replySourcePort } = flow;
      if (idsOf(frontend).has(endpointId({ address: replySource, port: replySourcePort }))) {
        return undefined;
      }
      if (frontend.serving.length === 0) return "no-endpoints";
      return isTranslated(flow) ? "endpoint-gone" : "not-translated";
    }
    if (!isTranslated(flow)) return undefined;
    return wasOffered(flow, { state, gone, nodeAddresses }) ? "frontend-gone" : undefined;
  };
}

/** Returns the frontend that packets with the flow's destination meet, if there is one. */
function frontendOf(
  { destination, destinationPort }: Flow,
  state: DesiredState,
  nodeAddresses: ReadonlySet<string>,
): Frontend | undefined {
  const exact = winner(state, frontendKey(destination, "UDP", destinationPort));
  if (exact !== undefined || !nodeAddresses.has(destination)) return exact;
  return winner(state, frontendKey("", "UDP", destinationPort));
}

/** Tells whether the destination of a flow that meets no frontend was one of weir's. */
function wasOffered(
  { destination, destinationPort }: Flow,
  { state, gone, nodeAddresses }: {
    readonly state: DesiredState;
    readonly gone: Gone;
    readonly nodeAddresses: ReadonlySet<string>;
  },
): boolean {
  if (gone.frontends.has(frontendKey(destination, "UDP", destinationPort))) return true;
  const nodePort = frontendKey("", "UDP", destinationPort);
  const wasNodeAddress = gone.nodePortIPs.has(destination);
  if (gone.frontends.has(nodePort) && (wasNodeAddress || nodeAddresses.has(destination))) {
    return true;
  }
  if (wasNodeAddress && state.claims.has(nodePort)) return true;
  // Nobody but a service proxy translates what is sent into a ServiceCIDR.
  return gone.forgotten &&
    state.settings.serviceCIDRs.some((cidr) => cidrContains(cidr, destination));
}

/** Returns a function that makes the set of a frontend's endpoints, once for each Service port. */
function idLists(): (frontend: Frontend) => ReadonlySet<string> {
  const known = new Map<Frontend["serving"], ReadonlySet<string>>();
  return ({ serving }) => {
    let ids = known.get(serving);
    if (ids === undefined) {
      ids = new Set(serving.map(endpointId));
      known.set(serving, ids);
    }
    return ids;
  };
}
