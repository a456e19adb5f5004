import type {
  V1Endpoint,
  V1EndpointConditions,
  V1EndpointHints,
  V1EndpointSlice,
  V1Node,
  V1ObjectMeta,
  V1Service,
  V1ServiceCIDR,
  V1ServicePort,
} from "@kubernetes/client-node";
import { type ClusterObject, type EndpointObject, type Kind, KINDS } from "../model/objects.ts";
import {
  completeNode,
  completeService,
  completeServiceCIDR,
  completeSlice,
  type Refuse,
} from "./complete.ts";
import {
  ASSUMED_CONDITIONS,
  type MetaDraft,
  type NodeDraft,
  SERVICE_LABEL,
  type ServiceDraft,
  type ServicePortDraft,
  type SliceDraft,
  TRIGGER_ANNOTATION,
} from "./drafts.ts";
import { Fields, ObjectError } from "./fields.ts";
import { sharedText, sharedTexts } from "./shared_text.ts";

export { ObjectError } from "./fields.ts";

/**
 * Reduces an API object, as JSON or YAML gave it, to the fields that weir uses.
 *
 * The kind is `raw.kind`; `kind` stands in for it in list items, which carry none. Absent fields take the API's
 * defaults, and a policy that is not known reads as its default, as in kube-proxy. `raw` is not changed.
 *
 * Throws `ObjectError` when the object cannot be used: another kind, no name, a field of the wrong type.
 */
export function strip(raw: unknown, kind?: Kind): ClusterObject {
  const named = raw as { readonly kind?: unknown } | null | undefined;
  const found = KINDS.find((known) => known === (named?.kind ?? kind));
  if (found === undefined) {
    throw new ObjectError(
      `Cannot use object ${identify(raw)}: kind "${String(named?.kind)}" is not one of ${
        KINDS.join(", ")
      }`,
    );
  }
  const title = `${found} ${identify(raw)}`;
  const object = Fields.of<{ metadata?: V1ObjectMeta }>(raw, title);
  const meta = readMeta(object.object("metadata"));
  const refuse: Refuse = (path, wanted, value) => object.refuse(path, wanted, value);
  switch (found) {
    case "Service":
      return completeService(meta, readService(Fields.of(raw, title)), refuse);
    case "EndpointSlice":
      return completeSlice(meta, readSlice(Fields.of(raw, title)), refuse);
    case "Node":
      return completeNode(meta, readNode(Fields.of(raw, title)), refuse);
    case "ServiceCIDR":
      return completeServiceCIDR(meta, readCIDRs(Fields.of(raw, title)), refuse);
  }
}

/** Names an object that may be broken in any way: `"namespace/name"`. */
function identify(raw: unknown): string {
  const metadata = (raw as { metadata?: { namespace?: unknown; name?: unknown } } | null)?.metadata;
  const parts = [metadata?.namespace, metadata?.name ?? "?"];
  return `"${parts.filter((part) => (part ?? "") !== "").join("/")}"`;
}

function readMeta(fields: Fields<V1ObjectMeta>): MetaDraft {
  return {
    namespace: sharedText(fields.text("namespace")),
    name: fields.text("name"),
    uid: fields.text("uid"),
    creationTimestamp: fields.text("creationTimestamp"),
  };
}

function readService(service: Fields<V1Service>): ServiceDraft {
  const spec = service.object("spec");
  const ingress = service.object("status").object("loadBalancer").objects("ingress");
  return {
    type: sharedText(spec.text("type")),
    clusterIP: spec.text("clusterIP"),
    clusterIPs: spec.texts("clusterIPs"),
    ipFamilies: spec.texts("ipFamilies"),
    ports: spec.objects("ports").map(readServicePort),
    externalIPs: spec.texts("externalIPs"),
    ingress: ingress.map((entry) => ({
      ip: entry.text("ip"),
      ipMode: sharedText(entry.text("ipMode")),
    })),
    loadBalancerSourceRanges: spec.texts("loadBalancerSourceRanges"),
    sessionAffinity: spec.text("sessionAffinity"),
    timeoutSeconds: spec.object("sessionAffinityConfig").object("clientIP")
      .integer("timeoutSeconds"),
    internalTrafficPolicy: spec.text("internalTrafficPolicy"),
    externalTrafficPolicy: spec.text("externalTrafficPolicy"),
    healthCheckNodePort: spec.integer("healthCheckNodePort"),
  };
}

function readServicePort(port: Fields<V1ServicePort>): ServicePortDraft {
  return {
    name: sharedText(port.text("name")),
    protocol: port.text("protocol"),
    port: port.integer("port"),
    nodePort: port.integer("nodePort"),
  };
}

function readSlice(slice: Fields<V1EndpointSlice>): SliceDraft {
  const metadata = slice.object("metadata");
  return {
    service: metadata.entry("labels", SERVICE_LABEL),
    addressType: sharedText(slice.text("addressType")),
    ports: slice.objects("ports").map((port) => ({
      name: port.has("name") ? sharedText(port.text("name")) : undefined,
      protocol: port.text("protocol"),
      port: port.integer("port"),
    })),
    endpoints: slice.objects("endpoints").map(readEndpoint),
    triggerTime: metadata.entry("annotations", TRIGGER_ANNOTATION),
  };
}

function readEndpoint(fields: Fields<V1Endpoint>): EndpointObject {
  const conditions: Fields<V1EndpointConditions> = fields.object("conditions");
  const hints: Fields<V1EndpointHints> = fields.object("hints");
  return {
    address: fields.texts("addresses")[0] ?? "",
    ready: conditions.flag("ready", ASSUMED_CONDITIONS.ready),
    serving: conditions.flag("serving", ASSUMED_CONDITIONS.serving),
    terminating: conditions.flag("terminating", ASSUMED_CONDITIONS.terminating),
    nodeName: sharedText(fields.text("nodeName")),
    zoneHints: hintNames(hints.objects("forZones")),
    nodeHints: hintNames(hints.objects("forNodes")),
  };
}

function hintNames(entries: Fields<{ name: string }>[]): readonly string[] {
  return sharedTexts(entries.map((entry) => entry.text("name")));
}

function readNode(node: Fields<V1Node>): NodeDraft {
  const metadata = node.object("metadata");
  const spec = node.object("spec");
  return {
    addresses: node.object("status").objects("addresses").map((entry) => ({
      type: entry.text("type"),
      address: entry.text("address"),
    })),
    podCIDRs: spec.texts("podCIDRs"),
    labels: metadata.entries("labels"),
    taints: spec.objects("taints").map((taint) => taint.text("key")),
    deleting: metadata.has("deletionTimestamp"),
  };
}

function readCIDRs(object: Fields<V1ServiceCIDR>): readonly string[] {
  return object.object("spec").texts("cidrs");
}
