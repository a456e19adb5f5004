import type { Comparison } from "./run.ts";

/** A difference that weir means to have. Every one is described in docs/differences.md. */
export interface DeliberateDifference {
  /** The heading of its section in docs/differences.md. */
  readonly section: string;
  /** The name of the scenario, or what the names of all of them match. */
  readonly scenario: string | RegExp;
  /** Which steps and probes of the scenario: it matches `STEP: PROBE`. Everything, when absent. */
  readonly where?: RegExp;
  readonly reference: RegExp;
  readonly weir: RegExp;
  /** True when kube-proxy does it at random, so that there may be no difference to see. */
  readonly sometimes?: boolean;
}

const ANSWERED = /^(pod-a|remote|pod-a\+remote) from (own|node)$/;

/** The deliberate differences that these scenarios show. */
export const DELIBERATE: readonly DeliberateDifference[] = [
  {
    section: "Source ranges of one family close the other family",
    scenario: "source ranges of IPv4 only",
    where: /IPv6 .* → load balancer IP/,
    reference: ANSWERED,
    weir: /^timeout$/,
  },
  {
    section: "Source ranges of one family close the other family",
    scenario: "source ranges of IPv6 only",
    where: /IPv4 .* → load balancer IP/,
    reference: ANSWERED,
    weir: /^timeout$/,
  },
  {
    section: "An endpoint that is listed twice is ready if one entry says so",
    scenario: "an endpoint that is unready in one slice and ready in another",
    reference: /^refused$/,
    weir: /^pod-a from /,
    sometimes: true,
  },
  {
    section: "A slice that moves to another Service leaves the old one",
    scenario: "change: a slice moves to another Service",
    where: /^after .* → (cluster IP|node port)/,
    reference: /^pod-a from /,
    weir: /^refused$/,
  },
  {
    section: "Two Services that claim one address: the oldest has it",
    scenario: "conflict: two Services with one external IP, endpoints: pod-a and remote",
    where: /^after a second Service claims it: .* → external IP/,
    reference: /^remote from /,
    weir: /^pod-a from /,
    sometimes: true,
  },
  {
    section: "Two Services that claim one address: the oldest has it",
    scenario: "conflict: two Services with one external IP, endpoints: none and pod-a",
    where: /^after a second Service claims it: .* → external IP/,
    reference: /^pod-a from /,
    weir: /^refused$/,
  },
  {
    section: "Two Services that claim one address: the oldest has it",
    scenario:
      /^conflict: (two Services with one load balancer IP|an external IP that is an older|a cluster IP that is an older)/,
    where: /^after a second/,
    reference: /remote from /,
    weir: /^pod-a from /,
    sometimes: true,
  },
  {
    section: "Two Services that claim one address: the oldest has it",
    scenario: "conflict: the Service that loses a load balancer IP has source ranges",
    where: /^after a second/,
    reference: /^timeout$/,
    weir: /^pod-a from /,
  },
  {
    section: "A ServiceCIDR takes effect at once",
    scenario: "change: a range of cluster IPs comes",
    where: /^after/,
    reference: /^refused$/,
    weir: /^timeout$/,
  },
  {
    section: "A ServiceCIDR takes effect at once",
    scenario: "change: a range of cluster IPs goes",
    where: /^after/,
    reference: /^timeout$/,
    weir: /^refused$/,
  },
  {
    section: "A ServiceCIDR takes effect at once",
    scenario: "a range of cluster IPs that two ServiceCIDRs name",
    where: /^after one of them goes/,
    reference: /^refused$/,
    weir: /^timeout$/,
    sometimes: true,
  },
  {
    section: "A ServiceCIDR takes effect at once",
    scenario: "a range of cluster IPs that two ServiceCIDRs name",
    where: /^after everything is written anew/,
    reference: /^refused$/,
    weir: /^timeout$/,
  },
  {
    section: "Node ports follow the addresses of the node",
    scenario: "node ports: an address of the node comes and goes",
    where: /^after the address comes: .* → new node port/,
    reference: /^refused$/,
    weir: /^pod-a from /,
  },
  {
    section: "Node ports follow the addresses of the node",
    scenario: "node ports: an address of the node comes and goes",
    where: /^after the address comes: .* → health check on its new node port/,
    reference: /^refused$/,
    weir: /^200 /,
  },
  {
    section: "Health check node ports: each address by itself",
    scenario: "health check: a Service of one family, node ports on every address",
    where: /IPv4/,
    reference: /^refused$/,
    weir: /^no answer: /,
  },
  {
    section: "Health check node ports: each address by itself",
    scenario: "NodeCIDR: external policy Local",
    where: /IPv4 (client → health check$|.* loopback node port$)/,
    reference: /^refused$/,
    weir: /^no answer: /,
  },
  {
    section: "`primary` opens no family in which the node has no address",
    scenario: /^IPv4 node: (external|policies|an endpoint)/,
    where: /IPv6 .* → ((second )?node port|health check)/,
    reference: /./,
    weir: /^refused$/,
  },
  {
    section: "UDP flows end with what they were for",
    scenario: "UDP flow: its last endpoint goes and another comes",
    where: /^after no endpoints/,
    reference: /^pod-a from /,
    weir: /^refused$/,
  },
  {
    section: "UDP flows end with what they were for",
    scenario: "UDP flow: its Service is deleted",
    where: /^after/,
    reference: /^pod-a from /,
    weir: /^(refused|timeout)$/,
  },
  {
    section: "UDP flows end with what they were for",
    scenario: "UDP flow: its external IP goes",
    where: /^after/,
    reference: /^pod-a from /,
    weir: /^timeout$/,
  },
  {
    section: "UDP flows end with what they were for",
    scenario: "UDP flow: its load balancer IP and node port go",
    where: /^after .* → (load balancer IP|node port)/,
    reference: /^pod-a from /,
    weir: /^(refused|timeout)$/,
  },
  {
    section: "UDP flows end with what they were for",
    scenario: "restart: UDP flows whose Service, or whose external IP, goes meanwhile",
    where: /^after .* → cluster IP/,
    reference: /^pod-a from /,
    weir: /^timeout$/,
  },
  {
    section: "A failed sync is tried again soon, and loses nothing",
    scenario: "UDP flow: its endpoint is replaced, in a sync that fails",
    where: /^after/,
    reference: /^pod-a from /,
    weir: /^remote from /,
  },
  {
    section: "UDP clients that were there first are served",
    scenario: "UDP flow: before its external IP and load balancer IP are there",
    where: /^after/,
    reference: /^timeout$/,
    weir: /^pod-a from /,
  },
  {
    section: "UDP clients that were there first are served",
    scenario: "UDP flow: before its node port is there",
    where: /^after/,
    reference: /^refused$/,
    weir: /^pod-a from /,
  },
  {
    section: "Names may be as long as the API allows",
    scenario: "names as long as the API allows, on a Service without endpoints",
    where: /client → (cluster|external|load balancer|node)/,
    reference: /^(timeout|refused)$/,
    weir: /^pod-a from /,
  },
  {
    section: "Names may be as long as the API allows",
    scenario: "names as long as the API allows, on a Service without endpoints",
    where: /client → web-x+ (cluster|external|load balancer)/,
    reference: /^timeout$/,
    weir: /^refused$/,
  },
];

/** Tells whether `difference` is about this probe, whatever came of it. */
export function isAbout(difference: DeliberateDifference, seen: Comparison): boolean {
  const { scenario, where } = difference;
  const isScenario = typeof scenario === "string"
    ? scenario === seen.scenario
    : scenario.test(seen.scenario);
  return isScenario && (where === undefined || where.test(`${seen.step}: ${seen.probe}`));
}

/** Tells whether `difference` covers what was seen. */
export function covers(difference: DeliberateDifference, seen: Comparison): boolean {
  const { reference, weir } = difference;
  return isAbout(difference, seen) && reference.test(seen.reference) && weir.test(seen.weir);
}

/** Tells whether what was seen is what is expected: the same on both sides, or what is listed for this probe. */
export function isExpected(
  deliberate: readonly DeliberateDifference[],
  seen: Comparison,
): boolean {
  const about = deliberate.filter((entry) => isAbout(entry, seen));
  if (about.some((entry) => covers(entry, seen))) return true;
  return seen.reference === seen.weir && about.every(({ sometimes }) => sometimes);
}
