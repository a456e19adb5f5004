import { type ClusterObject, keyOf, type Kind, type ObjectKey } from "../../model/objects.ts";
import {
  completeNode,
  completeService,
  completeServiceCIDR,
  completeSlice,
  type Refuse,
} from "../complete.ts";
import { ObjectError, refusal } from "../fields.ts";
import type { Item } from "../watch_event.ts";
import { emptySlice, ENDPOINT_SLICE } from "./endpoint_slice.ts";
import { emptyMetadata, METADATA, type Metadata } from "./metadata.ts";
import { emptyNode, NODE } from "./node.ts";
import { emptyService, SERVICE } from "./service.ts";
import { SERVICE_CIDR } from "./service_cidr.ts";
import { messageFields, WireError, type WireReader } from "./wire_reader.ts";

/** What all objects have alike. */
const ANY_OBJECT = messageFields<{ readonly metadata: Metadata }>({
  1: (from, { metadata }) => from.message("metadata", metadata, METADATA),
});

/**
 * Reads an object of `kind`, whose own message is the current one.
 *
 * Throws `WireError` when not even its name can be read.
 */
export function readItem(from: WireReader, kind: Kind): Item {
  const { depth } = from;
  const metadata = emptyMetadata();
  try {
    return { object: readObject(from, kind, metadata), version: versionOf(metadata) };
  } catch (error) {
    const problem = problemOf(error, `${kind} ${titleOf(metadata)}`);
    if (problem === undefined || (error instanceof WireError && metadata.name === "")) throw error;
    from.abandon(depth);
    return {
      object: undefined,
      version: versionOf(metadata),
      key: keyOfMetadata(metadata),
      problem,
    };
  }
}

/** Reads the metadata of an object of any kind, whose own message is the current one. */
export function readMetadataOnly(from: WireReader): Metadata {
  return from.fill({ metadata: emptyMetadata() }, ANY_OBJECT).metadata;
}

/** The version in `metadata`; undefined when there is none. */
export function versionOf(metadata: Metadata): string | undefined {
  return metadata.resourceVersion || undefined;
}

/** The key of an object that may not be usable otherwise; undefined when it has no name. */
export function keyOfMetadata(metadata: Metadata): ObjectKey | undefined {
  return metadata.name === "" ? undefined : keyOf(metadata);
}

/** Names an object: `"namespace/name"`. */
export function titleOf({ namespace, name }: Metadata): string {
  return `"${keyOf({ namespace, name: name || "?" })}"`;
}

function readObject(from: WireReader, kind: Kind, metadata: Metadata): ClusterObject {
  const refuse: Refuse = (path, wanted, value) => {
    throw refusal(`${kind} ${titleOf(metadata)}`, path, wanted, value);
  };
  switch (kind) {
    case "Service":
      return completeService(metadata, from.fill(emptyService(metadata), SERVICE), refuse);
    case "EndpointSlice":
      return completeSlice(metadata, from.fill(emptySlice(metadata), ENDPOINT_SLICE), refuse);
    case "Node":
      return completeNode(metadata, from.fill(emptyNode(metadata), NODE), refuse);
    case "ServiceCIDR": {
      const { cidrs } = from.fill({ metadata, cidrs: [] as string[] }, SERVICE_CIDR);
      return completeServiceCIDR(metadata, cidrs, refuse);
    }
  }
}

function problemOf(error: unknown, title: string): string | undefined {
  if (error instanceof ObjectError) return error.message;
  return error instanceof WireError ? `Cannot use ${title}: ${error.message}` : undefined;
}
