import { FAMILIES, type Family } from "../../model/family.ts";
import type { Place } from "./render.ts";
import { type Probe, type Scenario, SECOND_NODE_ADDRESS } from "./scenario.ts";

/** A probe of a scenario in one family, with all that is needed to make it again. */
export interface Question {
  readonly scenario: Scenario;
  readonly probe: Probe;
  readonly family: Family;
  readonly place: Place;
  readonly key: string;
}

/** Says what had happened when step `step` of a scenario began. */
export function stepName({ changes = [] }: Scenario, step: number): string {
  return step === 0 ? "at first" : `after ${changes[step - 1]?.what}`;
}

/** Says who asked whom. */
export function label({ probe, family }: Question): string {
  const { from, to, port, protocol, service, kind, path = "/" } = probe;
  const what = typeof to === "string" ? to : addressName(to[family] ?? "");
  const owner = service === "web" ? "" : `${service} `;
  switch (kind) {
    case "echo":
      return `${family} ${from} → ${owner}${what} ICMP echo`;
    case "health":
      return `${family} ${from} → ${owner}health check${
        to === "node port" ? "" : ` on its ${what}`
      }${path === "/" ? "" : ` at ${path}`}`;
    case "http":
      return `${family} ${from} → ${what}:${port}${path}`;
    case "sctp":
      return `${family} ${from} → ${owner}${what} ${port}/SCTP`;
    default: {
      const manner = kind === "connect" ? "" : ` (${kind})`;
      return `${family} ${from} → ${owner}${what} ${port}/${protocol}${manner}`;
    }
  }
}

function addressName(address: string): string {
  const isSecond = FAMILIES.some((family) => SECOND_NODE_ADDRESS[family] === address);
  return isSecond ? "the node's second address" : address;
}
