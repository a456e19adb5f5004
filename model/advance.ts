import type { DesiredState } from "./desired_state.ts";
import { endpointId } from "./endpoint.ts";
import type { Frontend, FrontendKey } from "./frontend.ts";
import type { ObjectKey } from "./objects.ts";
import { deriveService, type ServiceState } from "./service_state.ts";
import { sameViewpoint, type Settings } from "./settings.ts";
import type { Snapshot } from "./snapshot.ts";
import { retally } from "./tally.ts";

/** The way from one desired state to the next, with all that may differ between them. */
export interface Transition {
  readonly previous: DesiredState;
  readonly next: DesiredState;
  readonly services: ReadonlySet<ObjectKey>;
  readonly frontends: ReadonlySet<FrontendKey>;
  readonly clusterIPs: ReadonlySet<string>;
  readonly hairpins: ReadonlySet<string>;
  readonly localOnly: ReadonlySet<string>;
}

/** What {@linkcode advance} has to take in. */
export interface Change {
  readonly snapshot: Snapshot;
  readonly settings: Settings;
  /** Services whose object or slices may have changed since `previous`, or `all`. */
  readonly services: ReadonlySet<ObjectKey> | "all";
}

/**
 * Derives the next desired state.
 *
 * Costs O(services changed): the others are shared with `previous`. A change of the node's zone, name or
 * address derives all of them anew, since every choice of endpoints depends on it.
 */
export function advance(previous: DesiredState, change: Change): Transition {
  const services = sameViewpoint(previous.settings, change.settings) && change.services !== "all"
    ? change.services
    : everyService(previous, change.snapshot);
  const touched = {
    frontends: new Set<FrontendKey>(),
    clusterIPs: new Set<string>(),
    hairpins: new Set<string>(),
    localOnly: new Set<string>(),
  };
  const draft = {
    services: previous.services.asMutable(),
    claims: previous.claims.asMutable(),
    clusterIPs: previous.clusterIPs.asMutable(),
    hairpins: previous.hairpins.asMutable(),
    localOnly: previous.localOnly.asMutable(),
  };
  const view = { family: previous.family, node: change.settings };
  for (const key of services) {
    const before = previous.services.get(key);
    const service = change.snapshot.services.get(key);
    const after = service &&
      deriveService(service, change.snapshot.slices.get(key, []), view, before);
    if (after === undefined) draft.services.delete(key);
    else draft.services.set(key, after);
    reclaim(draft.claims, before, after, touched.frontends);
    retally(draft.clusterIPs, clusterIPsOf(before), clusterIPsOf(after), touched.clusterIPs);
    retally(draft.hairpins, hairpinsOf(before), hairpinsOf(after), touched.hairpins);
    retally(draft.localOnly, localOnlyOf(before), localOnlyOf(after), touched.localOnly);
  }
  const next: DesiredState = {
    family: previous.family,
    settings: change.settings,
    services: draft.services.asImmutable(),
    claims: draft.claims.asImmutable(),
    clusterIPs: draft.clusterIPs.asImmutable(),
    hairpins: draft.hairpins.asImmutable(),
    localOnly: draft.localOnly.asImmutable(),
  };
  return { previous, next, services, ...touched };
}

function everyService(previous: DesiredState, snapshot: Snapshot): ReadonlySet<ObjectKey> {
  return new Set([...previous.services.keys(), ...snapshot.services.keys()]);
}

/** Replaces the claims of one Service; the claims on a frontend that others claim too stay ranked. */
function reclaim(
  claims: DesiredState["claims"],
  before: ServiceState | undefined,
  after: ServiceState | undefined,
  touched: Set<FrontendKey>,
): void {
  for (const frontend of frontendsIn(before)) {
    const rest = claims.get(frontend.key, []).filter((claim) => claim !== frontend);
    if (rest.length > 0) claims.set(frontend.key, rest);
    else claims.delete(frontend.key);
    touched.add(frontend.key);
  }
  for (const frontend of frontendsIn(after)) {
    const rivals = claims.get(frontend.key);
    claims.set(frontend.key, rivals === undefined ? [frontend] : ranked([...rivals, frontend]));
    touched.add(frontend.key);
  }
}

/** A cluster IP is its Service's own: the API server gave it to nobody else. Among all others the oldest is first. */
function ranked(rivals: Frontend[]): readonly Frontend[] {
  return rivals.sort((a, b) =>
    Number(b.kind === "ClusterIP") - Number(a.kind === "ClusterIP") ||
    (a.owner.seniority < b.owner.seniority ? -1 : 1)
  );
}

function* frontendsIn(state: ServiceState | undefined): Iterable<Frontend> {
  for (const port of state?.ports ?? []) yield* port.frontends;
}

function clusterIPsOf(state: ServiceState | undefined): readonly string[] {
  const address = state?.ports[0]?.port.clusterIP;
  return address === undefined ? [] : [address];
}

function* hairpinsOf(state: ServiceState | undefined): Iterable<string> {
  for (const { selection } of state?.ports ?? []) {
    for (const endpoint of selection.cluster) if (endpoint.local) yield endpoint.address;
    for (const endpoint of selection.local) yield endpoint.address;
  }
}

function* localOnlyOf(state: ServiceState | undefined): Iterable<string> {
  for (const { port, selection } of state?.ports ?? []) {
    if (port.affinitySeconds === 0 || selection.local.length === 0) continue;
    const everywhere = new Set(selection.cluster.map(endpointId));
    for (const endpoint of selection.local) {
      if (everywhere.has(endpointId(endpoint))) continue;
      yield `${endpoint.address} ${port.protocol} ${endpoint.port}`;
    }
  }
}
