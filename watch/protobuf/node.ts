import type { NodeAddressDraft, NodeDraft } from "../drafts.ts";
import { type Metadata, METADATA_WITH_LABELS } from "./metadata.ts";
import { messageFields } from "./wire_reader.ts";

/** What is read of a Node. */
export interface NodeReading extends NodeDraft {
  readonly metadata: Metadata;
  readonly addresses: NodeAddressDraft[];
  readonly podCIDRs: string[];
  readonly taints: string[];
}

const TAINT = messageFields<{ key: string }>({
  1: (from, taint) => taint.key = from.sharedText("key"),
});

const SPEC = messageFields<NodeReading>({
  5: (from, { taints }) => {
    taints.push(from.message("taints", { key: "" }, TAINT, taints.length).key);
  },
  7: (from, { podCIDRs }) => podCIDRs.push(from.text("podCIDRs")),
});

const ADDRESS = messageFields<NodeAddressDraft>({
  1: (from, entry) => entry.type = from.sharedText("type"),
  2: (from, entry) => entry.address = from.text("address"),
});

const STATUS = messageFields<NodeReading>({
  5: (from, { addresses }) => {
    const entry = { type: "", address: "" };
    addresses.push(from.message("addresses", entry, ADDRESS, addresses.length));
  },
});

/** `core/v1` Node. */
export const NODE = messageFields<NodeReading>({
  1: (from, node) => {
    const metadata = from.message("metadata", node.metadata, METADATA_WITH_LABELS);
    node.labels = metadata.labels;
    node.deleting = metadata.deleting;
  },
  2: (from, node) => from.message("spec", node, SPEC),
  3: (from, node) => from.message("status", node, STATUS),
});

/** Returns the reading of a Node of which nothing is read yet. */
export function emptyNode(metadata: Metadata): NodeReading {
  return { metadata, addresses: [], podCIDRs: [], labels: {}, taints: [], deleting: false };
}
