import { type Family, type Protocol, PROTOCOLS } from "../../model/family.ts";
import type { Detector, Settings } from "../../model/settings.ts";
import { learnerMap } from "./affinity_learning.ts";
import { unlearnedSet } from "./affinity_unlearned.ts";
import {
  ADDRESS_MAPS,
  type Balancer,
  balancerChain,
  balancerKinds,
  CHAINS,
  endpointMap,
  nftFamily,
  nftProtocol,
  NODEPORT_MAPS,
  SCHEMA_CHAIN,
  SETS,
} from "./names.ts";
import type { Chain, Declaration } from "./objects.ts";
import { policyRules } from "./policy_rules.ts";

/** Returns the sets and maps of a family's table. Their number does not depend on the cluster. */
export function declarations(family: Family): readonly Declaration[] {
  const ip = nftFamily(family);
  const sets: Declaration[] = [
    { what: "set", name: SETS.clusterIPs, body: `typeof ${ip} daddr` },
    { what: "set", name: SETS.nodePortIPs, body: `typeof ${ip} daddr` },
    { what: "set", name: SETS.serviceCIDRs, body: `typeof ${ip} daddr ; flags interval` },
    { what: "set", name: SETS.hairpin, body: `typeof ${ip} saddr . ${ip} daddr` },
    { what: "set", name: SETS.localOnly, body: `typeof ${serviceKey(ip)}` },
    unlearnedSet(family),
    { what: "set", name: SETS.restricted, body: `typeof ${serviceKey(ip)}` },
    {
      what: "set",
      name: SETS.allowedSources,
      body: `typeof ${serviceKey(ip)} . ${ip} saddr ; flags interval`,
    },
  ];
  const verdicts = (key: string) => (name: string): Declaration => ({
    what: "map",
    name,
    body: `typeof ${key} : verdict`,
  });
  return [
    ...sets,
    ...Object.values(ADDRESS_MAPS).map(verdicts(serviceKey(ip))),
    ...Object.values(NODEPORT_MAPS).map(verdicts(NODEPORT_KEY)),
    ...balancerKinds().map((kind): Declaration => ({
      what: "map",
      name: endpointMap(kind),
      body: endpointMapBody(family, kind),
    })),
    ...PROTOCOLS.flatMap((protocol) => {
      const port = `${nftProtocol(protocol)} dport`;
      return [
        verdicts(`${ip} daddr . ${port}`)(learnerMap(protocol, false)),
        verdicts(port)(learnerMap(protocol, true)),
      ];
    }),
  ];
}

/** What a Service address is found by. */
function serviceKey(ip: string): string {
  return `${ip} daddr . ${NODEPORT_KEY}`;
}

/** What a node port is found by. */
const NODEPORT_KEY = "meta l4proto . th dport";

/**
 * Returns the type of a map of endpoints: frontend and slot → endpoint.
 *
 * One map for each layer 4 protocol, typed with that protocol's own port: a map typed with `th dport` loads once, but
 * then no later transaction can add a rule that uses it ("conflicting protocols specified").
 */
function endpointMapBody(family: Family, kind: Omit<Balancer, "size">): string {
  const ip = nftFamily(family);
  const port = `${nftProtocol(kind.protocol)} dport`;
  const address = kind.nodePort ? "" : `${ip} daddr . `;
  return `typeof ${address}${port} . numgen random mod 65536 : ${ip} daddr . ${port}`;
}

/** Returns the chain that picks one endpoint at random: the random slot is the last part of the key. */
export function balancer(family: Family, balancer: Balancer): Chain {
  const ip = nftFamily(family);
  const port = `${nftProtocol(balancer.protocol)} dport`;
  const frontend = balancer.nodePort ? port : `${ip} daddr . ${port}`;
  const map = endpointMap(balancer);
  const slot = `numgen random mod ${balancer.size}`;
  const name = balancerChain(balancer);
  return { name, rules: [`dnat ${ip} to ${frontend} . ${slot} map @${map}`] };
}

/** Returns the chains that do not depend on Services: the hooks and the policies. */
export function fixedChains(family: Family, settings: Settings): readonly Chain[] {
  return [...regularChains(family, settings), ...baseChains()];
}

/**
 * Returns the base chains, with the types, hooks and priorities of kube-proxy: other software relies on
 * translation at -100, masquerading at 100, rejects at filter priority 0, and closed doors before translation.
 */
function baseChains(): readonly Chain[] {
  const onNew = (...chains: string[]) => chains.map((chain) => `ct state new jump ${chain}`);
  const base = (name: string, type: string, hook: string, priority: number, rules: string[]) => ({
    name,
    hook: `type ${type} hook ${hook} priority ${priority}`,
    rules,
  });
  const { services, masquerading, firewallCheck, learning } = CHAINS;
  const learn = `ct status dnat jump ${learning}`;
  const { serviceEndpointsCheck, nodeportEndpointsCheck, clusterIPsCheck } = CHAINS;
  return [
    base("filter-prerouting-pre-dnat", "filter", "prerouting", -110, onNew(firewallCheck)),
    base("filter-output-pre-dnat", "filter", "output", -110, onNew(firewallCheck)),
    base("nat-prerouting", "nat", "prerouting", -100, [`jump ${services}`]),
    base("nat-output", "nat", "output", -100, [`jump ${services}`]),
    base("nat-postrouting", "nat", "postrouting", 100, [learn, `jump ${masquerading}`]),
    base("nat-input", "nat", "input", 100, [learn]),
    base(
      "filter-input",
      "filter",
      "input",
      0,
      onNew(nodeportEndpointsCheck, serviceEndpointsCheck),
    ),
    base("filter-forward", "filter", "forward", 0, onNew(serviceEndpointsCheck, clusterIPsCheck)),
    base("filter-output", "filter", "output", 0, onNew(serviceEndpointsCheck, clusterIPsCheck)),
  ];
}

/** The names of the base chains. Where the kernel has others, or other policies, somebody else had a hand in it. */
export const BASE_CHAINS: ReadonlySet<string> = new Set(baseChains().map(({ name }) => name));

function regularChains(family: Family, settings: Settings): readonly Chain[] {
  const ip = nftFamily(family);
  const bit = `0x${(2 ** settings.masqueradeBit).toString(16).padStart(8, "0")}`;
  const mark = `meta mark set meta mark | ${bit}`;
  const service = serviceKey(ip);
  const nodePort = NODEPORT_KEY;
  const isPod = podMatch(ip, settings.detector);
  const addresses = { isPod, mark, key: service, maps: ADDRESS_MAPS };
  const nodePorts = { isPod, mark, key: nodePort, maps: NODEPORT_MAPS };
  return [
    { name: SCHEMA_CHAIN, rules: [] },
    { name: CHAINS.reject, rules: ["reject"] },
    {
      name: CHAINS.services,
      rules: [
        ...markOffCluster(ip, settings, mark),
        `${service} vmap @${ADDRESS_MAPS.services}`,
        `${nodePortMatch(ip, settings, true)} ${nodePort} vmap @${NODEPORT_MAPS.services}`,
      ],
    },
    { name: CHAINS.external, rules: policyRules("external", addresses) },
    { name: CHAINS.nodeport, rules: policyRules("external", nodePorts) },
    { name: CHAINS.externalLocal, rules: policyRules("external-local", addresses) },
    { name: CHAINS.nodeportLocal, rules: policyRules("external-local", nodePorts) },
    {
      name: CHAINS.masquerading,
      rules: [
        `meta mark & ${bit} == ${bit} meta mark set meta mark ^ ${bit} masquerade fully-random`,
        `ct status dnat ${ip} saddr . ${ip} daddr @${SETS.hairpin} masquerade fully-random`,
      ],
    },
    { name: CHAINS.learning, rules: PROTOCOLS.flatMap((protocol) => learningRules(ip, protocol)) },
    {
      name: CHAINS.firewallCheck,
      rules: [
        `${service} @${SETS.restricted} ${service} . ${ip} saddr != @${SETS.allowedSources} drop`,
      ],
    },
    {
      name: CHAINS.serviceEndpointsCheck,
      rules: [`${service} vmap @${ADDRESS_MAPS.noEndpoints}`],
    },
    {
      name: CHAINS.nodeportEndpointsCheck,
      rules: [
        `${nodePortMatch(ip, settings, false)} ${nodePort} vmap @${NODEPORT_MAPS.noEndpoints}`,
      ],
    },
    {
      name: CHAINS.clusterIPsCheck,
      rules: [`${ip} daddr @${SETS.clusterIPs} reject`, `${ip} daddr @${SETS.serviceCIDRs} drop`],
    },
  ];
}

/**
 * Leads connections to a frontend with session affinity to the chain that remembers the choice, by what their
 * destination was before translation. The kernel knows `proto-dst` only together with a protocol.
 */
function learningRules(ip: string, protocol: Protocol): readonly string[] {
  const l4 = `meta l4proto ${nftProtocol(protocol)}`;
  const address = `ct original ${ip} daddr`;
  return [
    `${l4} ${address} . ct original proto-dst vmap @${learnerMap(protocol, false)}`,
    `${l4} ${address} @${SETS.nodePortIPs} ct original proto-dst vmap @${
      learnerMap(protocol, true)
    }`,
  ];
}

/** Marks what comes to a cluster IP from outside the pods, so that replies find their way back through this node. */
function markOffCluster(ip: string, settings: Settings, mark: string): readonly string[] {
  const toClusterIP = `${ip} daddr @${SETS.clusterIPs}`;
  if (settings.masqueradeAll) return [`${toClusterIP} ${mark}`];
  const { detector } = settings;
  if (detector === undefined) return [];
  return [`${toClusterIP} ${podMatch(ip, detector, "!= ")} ${mark}`];
}

/** Returns the match for packets sent by pods; "" when there is no way to tell. */
function podMatch(ip: string, detector: Detector | undefined, operator: "" | "!= " = ""): string {
  switch (detector?.by) {
    case "source":
      return `${ip} saddr ${operator}${detector.cidr}`;
    case "interface":
      return `iifname ${operator}"${detector.name}"`;
    case "interface-prefix":
      return `iifname ${operator}"${detector.prefix}*"`;
    case undefined:
      return "";
  }
}

/** Returns the match for the addresses on which node ports answer. Loopback never does. */
function nodePortMatch(ip: string, settings: Settings, checkLocal: boolean): string {
  if (settings.nodePortAddresses !== "any") return `${ip} daddr @${SETS.nodePortIPs}`;
  const notLoopback = ip === "ip" ? "ip daddr != 127.0.0.0/8" : "ip6 daddr != ::1";
  return checkLocal ? `fib daddr type local ${notLoopback}` : notLoopback;
}
