import { METADATA, type Metadata } from "./metadata.ts";
import { messageFields } from "./wire_reader.ts";

/** What is read of a ServiceCIDR. */
export interface ServiceCIDRReading {
  readonly metadata: Metadata;
  readonly cidrs: string[];
}

const SPEC = messageFields<ServiceCIDRReading>({
  1: (from, { cidrs }) => cidrs.push(from.text("cidrs")),
});

/** `networking.k8s.io/v1` ServiceCIDR. */
export const SERVICE_CIDR = messageFields<ServiceCIDRReading>({
  1: (from, { metadata }) => from.message("metadata", metadata, METADATA),
  2: (from, object) => from.message("spec", object, SPEC),
});
