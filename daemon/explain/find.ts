import { type DesiredState, winner } from "../../model/desired_state.ts";
import { familyOf } from "../../model/family.ts";
import { type Frontend, frontendKey } from "../../model/frontend.ts";
import type { ObjectKey } from "../../model/objects.ts";
import type { PortState } from "../../model/service_state.ts";
import { nodePortIPs } from "../../model/settings.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { type Absence, addressAbsence, portAbsence, serviceAbsence } from "./absence.ts";
import type { AddressTarget, Question, ServiceTarget } from "./question.ts";

/** What is known when a question is asked. */
export interface View {
  readonly snapshot: Snapshot;
  /** What was last to be put into force, of each family that is programmed. */
  readonly states: readonly DesiredState[];
}

/** The Service that a question is about. */
export interface Found {
  readonly service: ObjectKey;
  /** Its ports that are asked about, in each family. */
  readonly parts: readonly Part[];
}

/** One Service port with its frontends that are asked about. */
export interface Part {
  readonly state: DesiredState;
  readonly port: PortState;
  readonly frontends: readonly Frontend[];
}

/** Finds what a question is about, or says why weir has nothing there. */
export function find({ target, from }: Question, view: View): Found | Absence {
  if (target.by === "address") return findAddress(target, view);
  const found = findService(target, view);
  if (!("parts" in found) || typeof from !== "object") return found;
  const family = familyOf(from.address);
  return { ...found, parts: found.parts.filter(({ state }) => state.family === family) };
}

function findAddress(target: AddressTarget, view: View): Found | Absence {
  const { address, port, protocol } = target;
  const state = view.states.find(({ family }) => family === familyOf(address));
  const frontend = state && frontendAt(state, target);
  if (state === undefined || frontend === undefined) return addressAbsence(target, view, state);
  const { service } = frontend.owner;
  const owner = state.services.get(service)?.ports.find((one) => one.frontends.includes(frontend));
  if (owner === undefined) throw new Error(`${address} ${protocol} ${port} has no owner`);
  return { service, parts: [{ state, port: owner, frontends: [frontend] }] };
}

/** Returns the frontend that a packet meets: an address of a Service before a node port, as in the rules. */
function frontendAt(
  state: DesiredState,
  { address, port, protocol }: AddressTarget,
): Frontend | undefined {
  const exact = winner(state, frontendKey(address, protocol, port));
  if (exact !== undefined || !nodePortIPs(state.settings).includes(address)) return exact;
  return winner(state, frontendKey("", protocol, port));
}

function findService({ service: key, port }: ServiceTarget, view: View): Found | Absence {
  const service = view.snapshot.services.get(key);
  if (service === undefined) return serviceAbsence(key, view);
  const all = view.states.flatMap((state) =>
    (state.services.get(key)?.ports ?? []).map((one): Part => ({
      state,
      port: one,
      frontends: one.frontends,
    }))
  );
  if (all.length === 0) return portAbsence(service, port, view);
  if (port === undefined) return { service: key, parts: all };
  const parts = all.flatMap((part) => {
    if (part.port.port.portName === port) return [part];
    const frontends = part.frontends.filter((frontend) => String(frontend.port) === port);
    return frontends.length === 0 ? [] : [{ ...part, frontends }];
  });
  return parts.length === 0 ? portAbsence(service, port, view) : { service: key, parts };
}
