import { cidrContains } from "../../model/address.ts";
import type { Frontend } from "../../model/frontend.ts";
import { type Outcome, POLICY } from "../../model/policy.ts";
import type { Settings } from "../../model/settings.ts";
import type { Sender } from "./sender.ts";

/** Returns what becomes of a connection of `sender` to a frontend, and why in a few words. */
export function outcomeOf(
  frontend: Frontend,
  sender: Sender,
  settings: Settings,
): Outcome & { readonly why: string } {
  const { allowedSources, dispatch } = frontend;
  if (!isAdmitted(allowedSources, sender.address)) {
    const why = "loadBalancerSourceRanges do not have the source";
    return { to: "drop", masquerade: false, why };
  }
  // Without a detector pods are like anybody else.
  const isKnown = sender.origin !== "pod" || settings.detector !== undefined;
  const { to, masquerade } = POLICY[dispatch][isKnown ? sender.origin : "outside"];
  const translates = to === "cluster" || to === "local";
  const isItself = translates &&
    frontend[to].some(({ local, address }) => local && address === sender.address);
  return {
    to,
    masquerade: frontend.kind === "ClusterIP" && translates
      ? settings.masqueradeAll || (settings.detector !== undefined && masquerade)
      : masquerade,
    why: reasonFor(frontend, to) + (isItself ? TO_ITSELF : ""),
  };
}

const TO_ITSELF = "; a connection to itself is seen as the node's own";

/** Tells whether the source ranges admit an address. */
export function isAdmitted(allowed: Frontend["allowedSources"], address: string): boolean {
  return allowed === "any" || allowed.some((range) => cidrContains(range, address));
}

function reasonFor({ kind, dispatch }: Frontend, to: Outcome["to"]): string {
  const policy = kind === "ClusterIP" ? "internalTrafficPolicy" : "externalTrafficPolicy";
  switch (to) {
    case "reject":
      return "there is no endpoint that can serve";
    case "drop":
      return `${policy} is Local, and no endpoint on this node can serve`;
    case "local":
      return `${policy} is Local: endpoints on this node`;
    case "cluster":
      return dispatch === "external-local" || dispatch === "external-remote"
        ? `${policy} is Local, but pods and this node may reach all endpoints`
        : `${policy} is Cluster: all endpoints`;
  }
}
