import type { Family } from "../../model/family.ts";
import type { Chain, Declaration } from "./objects.ts";

/** Objects of one table: its sets and maps, and chains that may refer to all of them and to each other. */
export interface Objects {
  readonly sets: readonly Declaration[];
  readonly chains: readonly Chain[];
}

/** Something that a kernel can be built without, and weir cannot work without. */
export interface Feature {
  readonly what: string;
  /** True when all others need it. */
  readonly isBasis?: boolean;
  /** The options of the kernel's configuration that bring it, or the oldest kernel that has it. */
  readonly remedy: (family: Family) => string;
  /** The least that needs it. */
  readonly sample: (family: Family) => Objects;
}

/** The features that weir's rules use. */
export const FEATURES: readonly Feature[] = [
  {
    what: "tables of rules",
    isBasis: true,
    remedy: (family) => `enable CONFIG_NF_TABLES and CONFIG_NF_TABLES_${option(family)}`,
    sample: () => ({ sets: [], chains: [] }),
  },
  {
    what: "sets of ranges in several fields",
    remedy: () => "run Linux 5.6 or newer",
    sample: () => ({
      sets: [{ what: "set", name: "ranges", body: "typeof th dport . th sport ; flags interval" }],
      chains: [],
    }),
  },
  {
    what: "translation of addresses",
    remedy: () => "enable CONFIG_NFT_NAT",
    sample: (family) =>
      ruleIn(
        "type nat hook prerouting priority -100",
        family === "IPv4" ? "dnat ip to 192.0.2.1" : "dnat ip6 to 2001:db8::1",
      ),
  },
  {
    what: "masquerading (masquerade)",
    remedy: () => "enable CONFIG_NFT_MASQ",
    sample: () => ruleIn("type nat hook postrouting priority 100", "masquerade fully-random"),
  },
  {
    what: "random choice of an endpoint (numgen)",
    remedy: () => "enable CONFIG_NFT_NUMGEN",
    sample: () => rule("numgen random mod 2 0 accept"),
  },
  {
    what: "telling local addresses (fib)",
    remedy: (family) => `enable CONFIG_NFT_FIB_${option(family)}`,
    sample: () => rule("fib daddr type local accept"),
  },
  {
    what: "refusal of connections (reject)",
    remedy: (family) => `enable CONFIG_NFT_REJECT_${option(family)}`,
    sample: () => rule("reject"),
  },
  {
    what: "tracking of connections (ct)",
    remedy: () => "enable CONFIG_NFT_CT",
    sample: () => rule("ct state new accept"),
  },
];

function rule(text: string): Objects {
  return { sets: [], chains: [{ name: "sample", rules: [text] }] };
}

function ruleIn(hook: string, text: string): Objects {
  return { sets: [], chains: [{ name: "sample", hook, rules: [text] }] };
}

/** How the kernel's configuration spells a family. */
function option(family: Family): string {
  return family.toUpperCase();
}
