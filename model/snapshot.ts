import { ImmutableMap } from "./immutable_map.ts";
import {
  type ClusterObject,
  type EndpointSliceObject,
  keyOf,
  type Kind,
  type NodeObject,
  type ObjectKey,
  type ServiceCIDRObject,
  type ServiceObject,
} from "./objects.ts";

/**
 * Everything that is known about the cluster at one moment.
 *
 * Snapshots never change; the next one shares all that stayed the same, so that making it costs O(changes).
 */
export interface Snapshot {
  readonly services: ImmutableMap<ObjectKey, ServiceObject>;
  /** By the key of the Service that owns the slice. A Service without slices is absent; the Service need not exist. */
  readonly slices: ImmutableMap<ObjectKey, readonly EndpointSliceObject[]>;
  /** The Service that owns a slice, by the key of the slice. */
  readonly sliceOwners: ImmutableMap<ObjectKey, ObjectKey>;
  readonly nodes: ImmutableMap<ObjectKey, NodeObject>;
  readonly serviceCIDRs: ImmutableMap<ObjectKey, ServiceCIDRObject>;
}

const NO_SLICES: readonly EndpointSliceObject[] = [];

/** The snapshot of which nothing is known yet. */
export const EMPTY_SNAPSHOT: Snapshot = {
  services: ImmutableMap(),
  slices: ImmutableMap(),
  sliceOwners: ImmutableMap(),
  nodes: ImmutableMap(),
  serviceCIDRs: ImmutableMap(),
};

/**
 * Returns the snapshot in which `object` is added or replaced.
 *
 * The keys of the Services that this concerns are added to `touched`.
 */
export function withObject(
  snapshot: Snapshot,
  object: ClusterObject,
  touched: Set<ObjectKey>,
): Snapshot {
  const key = keyOf(object);
  switch (object.kind) {
    case "Service":
      touched.add(key);
      return { ...snapshot, services: snapshot.services.set(key, object) };
    case "EndpointSlice":
      return withSlice(withoutSlice(snapshot, key, touched), key, object, touched);
    case "Node":
      return { ...snapshot, nodes: snapshot.nodes.set(key, object) };
    case "ServiceCIDR":
      return { ...snapshot, serviceCIDRs: snapshot.serviceCIDRs.set(key, object) };
  }
}

/** Returns the snapshot without the object; the same snapshot when it held none. */
export function withoutObject(
  snapshot: Snapshot,
  kind: Kind,
  key: ObjectKey,
  touched: Set<ObjectKey>,
): Snapshot {
  switch (kind) {
    case "Service":
      if (!snapshot.services.has(key)) return snapshot;
      touched.add(key);
      return { ...snapshot, services: snapshot.services.delete(key) };
    case "EndpointSlice":
      return withoutSlice(snapshot, key, touched);
    case "Node":
      return { ...snapshot, nodes: snapshot.nodes.delete(key) };
    case "ServiceCIDR":
      return { ...snapshot, serviceCIDRs: snapshot.serviceCIDRs.delete(key) };
  }
}

/** Returns the snapshot in which `objects` are added or replaced. Costs O(objects). */
export function withObjects(
  snapshot: Snapshot,
  objects: Iterable<ClusterObject>,
  touched: Set<ObjectKey>,
): Snapshot {
  let next = asMutable(snapshot);
  for (const object of objects) next = withObject(next, object, touched);
  return asImmutable(next);
}

/**
 * Returns the snapshot in which `objects` are all that exists of `kind`. Costs O(objects of the kind).
 *
 * An object that is there already, the very same, concerns nobody.
 */
export function withList(
  snapshot: Snapshot,
  kind: Kind,
  objects: Iterable<ClusterObject>,
  touched: Set<ObjectKey>,
): Snapshot {
  const listed = new Set<ObjectKey>();
  let next = asMutable(snapshot);
  for (const object of objects) {
    if (object.kind !== kind || isOwnerless(object)) continue;
    listed.add(keyOf(object));
    if (!holds(next, object)) next = withObject(next, object, touched);
  }
  const keys = countOf(next, kind) > listed.size ? keysOf(next, kind) : [];
  for (const key of keys) if (!listed.has(key)) next = withoutObject(next, kind, key, touched);
  return asImmutable(next);
}

/** Returns the object of `kind` with this key, or undefined when there is none. */
export function objectIn(
  snapshot: Snapshot,
  kind: Kind,
  key: ObjectKey,
): ClusterObject | undefined {
  switch (kind) {
    case "Service":
      return snapshot.services.get(key);
    case "EndpointSlice": {
      const owner = snapshot.sliceOwners.get(key);
      if (owner === undefined) return undefined;
      return snapshot.slices.get(owner)?.find((slice) => keyOf(slice) === key);
    }
    case "Node":
      return snapshot.nodes.get(key);
    case "ServiceCIDR":
      return snapshot.serviceCIDRs.get(key);
  }
}

/** Returns the keys of all objects of `kind`. */
export function keysOf(snapshot: Snapshot, kind: Kind): readonly ObjectKey[] {
  switch (kind) {
    case "Service":
      return [...snapshot.services.keys()];
    case "EndpointSlice":
      return [...snapshot.sliceOwners.keys()];
    case "Node":
      return [...snapshot.nodes.keys()];
    case "ServiceCIDR":
      return [...snapshot.serviceCIDRs.keys()];
  }
}

function countOf(snapshot: Snapshot, kind: Kind): number {
  switch (kind) {
    case "Service":
      return snapshot.services.size;
    case "EndpointSlice":
      return snapshot.sliceOwners.size;
    case "Node":
      return snapshot.nodes.size;
    case "ServiceCIDR":
      return snapshot.serviceCIDRs.size;
  }
}

/** Tells whether this very object is in the snapshot. */
function holds(snapshot: Snapshot, object: ClusterObject): boolean {
  if (object.kind !== "EndpointSlice") {
    return objectIn(snapshot, object.kind, keyOf(object)) === object;
  }
  return snapshot.slices.get(ownerOf(object), NO_SLICES).includes(object);
}

/** A slice that belongs to no Service is not kept. */
function isOwnerless(object: ClusterObject): boolean {
  return object.kind === "EndpointSlice" && object.service === "";
}

function ownerOf({ namespace, service }: EndpointSliceObject): ObjectKey {
  return `${namespace}/${service}`;
}

function withSlice(
  snapshot: Snapshot,
  key: ObjectKey,
  slice: EndpointSliceObject,
  touched: Set<ObjectKey>,
): Snapshot {
  if (isOwnerless(slice)) return snapshot;
  const owner = ownerOf(slice);
  touched.add(owner);
  return {
    ...snapshot,
    slices: snapshot.slices.set(owner, [...snapshot.slices.get(owner, []), slice]),
    sliceOwners: snapshot.sliceOwners.set(key, owner),
  };
}

function withoutSlice(snapshot: Snapshot, key: ObjectKey, touched: Set<ObjectKey>): Snapshot {
  const owner = snapshot.sliceOwners.get(key);
  if (owner === undefined) return snapshot;
  touched.add(owner);
  const rest = snapshot.slices.get(owner, []).filter((slice) => keyOf(slice) !== key);
  return {
    ...snapshot,
    slices: rest.length > 0 ? snapshot.slices.set(owner, rest) : snapshot.slices.delete(owner),
    sliceOwners: snapshot.sliceOwners.delete(key),
  };
}

/** A draft that one function alone holds: its maps change in place until {@linkcode asImmutable}. */
function asMutable(snapshot: Snapshot): Snapshot {
  return mapFields(snapshot, (map) => map.asMutable());
}

function asImmutable(snapshot: Snapshot): Snapshot {
  return mapFields(snapshot, (map) => map.asImmutable());
}

function mapFields(
  snapshot: Snapshot,
  change: <V>(map: ImmutableMap<ObjectKey, V>) => ImmutableMap<ObjectKey, V>,
): Snapshot {
  return {
    services: change(snapshot.services),
    slices: change(snapshot.slices),
    sliceOwners: change(snapshot.sliceOwners),
    nodes: change(snapshot.nodes),
    serviceCIDRs: change(snapshot.serviceCIDRs),
  };
}
