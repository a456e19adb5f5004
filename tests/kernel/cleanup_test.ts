import assert from "node:assert/strict";
import { Lab, type Namespace } from "../../cli/demo/lab.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import { IN_NAMESPACE } from "../support/kernel.ts";
import { IPTABLES_MODE, IPVS_MODE } from "../support/kube_proxy_rules.ts";
import { projectPath, WeirProcess } from "../support/weir_process.ts";

const EXAMPLES = projectPath("examples");

/** Rules of a host, its kubelet and others, with all that could be mistaken for kube-proxy's. */
const FOREIGN = `*raw
-A PREROUTING -p udp -m udp --dport 9 -j NOTRACK
COMMIT
*mangle
:KUBE-IPTABLES-HINT - [0:0]
:KUBE-KUBELET-CANARY - [0:0]
-A PREROUTING -i wan0 -j MARK --set-xmark 0x1/0x1
COMMIT
*nat
:KUBE-KUBELET-CANARY - [0:0]
:MY-KUBE-SVC-WEB - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j MY-KUBE-SVC-WEB
-A OUTPUT -m comment --comment "kubernetes service portals" -j MY-KUBE-SVC-WEB
-A MY-KUBE-SVC-WEB -p tcp -m tcp --dport 30080 -j RETURN
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-NODE - [0:0]
-A INPUT -j KUBE-FIREWALL
-A FORWARD -m comment --comment "see -j KUBE-SERVICES" -j ACCEPT
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j ACCEPT
-A KUBE-FIREWALL -m mark --mark 0x8000/0x8000 -j DROP
COMMIT
`;

/** More of them, which stand behind kube-proxy's. */
const FOREIGN_LATER = `*filter
-A OUTPUT -m conntrack --ctstate INVALID -m comment --comment "kubernetes forwarding rules" -j DROP
-A FORWARD -m comment --comment "it's \\"quoted\\"" -j KUBE-NODE
COMMIT
*nat
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j MASQUERADE
COMMIT
`;

const FOREIGN_TABLES = `table inet kube-proxy {
	chain services {
		type filter hook forward priority 5; policy accept;
		tcp dport 30080 counter
	}
}
table ip kube-proxy-2 {
	map service-ips { type ipv4_addr : verdict; }
}
table ip6 not-weir {
	chain weir { }
}
`;

/** The tables of kube-proxy's nftables mode and of weir. */
const OWN_TABLES = ["ip", "ip6"].map((family) =>
  `table ${family} kube-proxy {
	comment "rules for kube-proxy";
	set nodeport-ips { type ${family === "ip" ? "ipv4_addr" : "ipv6_addr"}; }
	chain services { }
	chain nat-prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }
}
table ${family} weir {
	chain services { }
	chain nat-prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }
}
`
).join("");

/** What of kube-proxy's is its own alone; the host's rules have the rest already. */
function kubeProxyRules(family: Family): string {
  return IPTABLES_MODE[family].split("\n").filter((line) => !line.includes("KUBE-FIREWALL"))
    .join("\n");
}

/** iptables in one of its variants, on a node. */
class Iptables {
  readonly #node: Namespace;
  readonly #variant: string;

  constructor(node: Namespace, variant: string) {
    this.#node = node;
    this.#variant = variant;
  }

  /** Adds rules and flushes only chains that `script` declares; with `anew`, its tables have nothing but these rules. */
  async restore(family: Family, script: string, { anew = false } = {}): Promise<void> {
    const args = ["--wait", "5", ...(anew ? [] : ["--noflush"])];
    await this.#node.output(this.#tool(family, "restore"), args, { stdin: [script] });
  }

  /** Returns all rules but not the time of day. */
  async save(family: Family): Promise<string> {
    const saved = await this.#node.output(this.#tool(family, "save"), []);
    return saved.replace(/^#.*\n/gm, "");
  }

  #tool(family: Family, what: "save" | "restore"): string {
    return `${family === "IPv4" ? "iptables" : "ip6tables"}-${this.#variant}-${what}`;
  }
}

/** Fills a node with rules of others, and with kube-proxy's and weir's between them if they are wanted. */
async function fill(node: Namespace, variant: string, { own = true } = {}): Promise<void> {
  const iptables = new Iptables(node, variant);
  for (const family of FAMILIES) {
    await iptables.restore(family, FOREIGN, { anew: true });
    if (own) await iptables.restore(family, kubeProxyRules(family));
    await iptables.restore(family, FOREIGN_LATER);
  }
  const tables = own ? FOREIGN_TABLES + OWN_TABLES : FOREIGN_TABLES;
  await node.output("nft", ["-f", "-"], { stdin: [tables] });
}

/** Returns all rules of a node, with counters at zero: there is always some packet. */
async function rulesOf(node: Namespace, variant: string): Promise<string> {
  const iptables = new Iptables(node, variant);
  const saves = await Promise.all(FAMILIES.map((family) => iptables.save(family)));
  const all = [...saves, await node.output("nft", ["list", "ruleset"])].join("\n");
  return all.replace(/\[\d+:\d+\]/g, "[0:0]").replace(/packets \d+ bytes \d+/g, "");
}

/** Returns what a node's rules look like when nobody but others has ever made any. */
async function foreignRules(variant: string): Promise<string> {
  await using lab = await Lab.create();
  await fill(lab.node, variant, { own: false });
  return await rulesOf(lab.node, variant);
}

for (const variant of ["nft", "legacy"]) {
  Deno.test({
    name: `--cleanup takes all of kube-proxy's and weir's away, and nothing else (${variant})`,
    ignore: !await isUsable(variant),
    async fn() {
      await using lab = await Lab.create();
      await fill(lab.node, variant);
      assert.match(await rulesOf(lab.node, variant), /KUBE-SVC-[\s\S]*table ip weir/);
      await using weir = new WeirProcess(["--cleanup"], lab.node);
      assert.equal(await weir.ended(), 0, weir.log);
      assert.equal(await rulesOf(lab.node, variant), await foreignRules(variant));
      assert.match(weir.log, /Nothing of weir's or kube-proxy's is left/);
      await using again = new WeirProcess(["--cleanup"], lab.node);
      assert.equal(await again.ended(), 0, "there is nothing left to do");
    },
  });

  Deno.test({
    name: `A start takes kube-proxy's leftovers away once weir's own rules work (${variant})`,
    ignore: !await isUsable(variant),
    async fn() {
      await using lab = await Lab.create();
      await fill(lab.node, variant);
      await lab.node.output("nft", ["delete", "table", "ip", "weir"]);
      await lab.node.output("nft", ["delete", "table", "ip6", "weir"]);
      await using weir = new WeirProcess(["--manifests", EXAMPLES], lab.node);
      for (const family of FAMILIES) {
        await weir.logged(
          `Took over from kube-proxy: its table left as the rules came family=${family}`,
        );
      }
      await weir.until(
        async () => !/KUBE-SERVICES - /.test(await rulesOf(lab.node, variant)),
        "the cleanup",
      );
      assert.equal(await weir.end(), 0);
      for (const [family, tool] of [["IPv4", "iptables"], ["IPv6", "ip6tables"]] as const) {
        const synced = weir.log.indexOf(`Synced family=${family}`);
        const removed = weir.log.indexOf(`(${tool}-${variant})`);
        assert.ok(0 <= synced && synced < removed, `${family}: ${weir.log}`);
      }
      await lab.node.output("nft", ["delete", "table", "ip", "weir"]);
      await lab.node.output("nft", ["delete", "table", "ip6", "weir"]);
      assert.equal(await rulesOf(lab.node, variant), await foreignRules(variant));
    },
  });
}

Deno.test({
  name: "--cleanup-weir-only takes weir's tables away, and nothing of kube-proxy's (nft)",
  ignore: !await isUsable("nft"),
  async fn() {
    await using lab = await Lab.create();
    await fill(lab.node, "nft");
    const before = await rulesOf(lab.node, "nft");
    await using weir = new WeirProcess(["--cleanup-weir-only"], lab.node);
    assert.equal(await weir.ended(), 0, weir.log);
    assert.match(weir.log, /Nothing of weir's is left/);
    assert.match(before, /KUBE-SVC-[\s\S]*table ip6? kube-proxy \{/);
    const withoutWeir = before.replace(/table ip6? weir \{\n[\s\S]*?\n\}\n/g, "");
    assert.notEqual(withoutWeir, before);
    assert.equal(await rulesOf(lab.node, "nft"), withoutWeir);
  },
});

Deno.test({
  name: "--cleanup that may not look at all rules says which right it lacks, and fails (legacy)",
  ignore: !await isUsable("legacy"),
  async fn() {
    await using lab = await Lab.create();
    await fill(lab.node, "legacy");
    const command = (program: string, args: readonly string[]) =>
      lab.node.command("setpriv", ["--bounding-set=-net_raw", program, ...args]);
    await using weir = new WeirProcess(["--cleanup"], { command });
    assert.equal(await weir.ended(), 1, weir.log);
    assert.match(weir.log, /ERROR.*"iptables-legacy\\?", it needs CAP_NET_ADMIN and CAP_NET_RAW/);
    assert.doesNotMatch(weir.log, /Nothing of weir's or kube-proxy's is left/);
    assert.doesNotMatch(await rulesOf(lab.node, "legacy"), /table ip6? (weir|kube-proxy) /);
  },
});

Deno.test({
  name: "What another's rule needs stays, is named with that rule, and costs the exit code",
  ignore: !await isUsable("nft"),
  async fn() {
    await using lab = await Lab.create();
    await fill(lab.node, "nft");
    const rule = "-A MY-KUBE-SVC-WEB -p udp -j KUBE-MARK-MASQ";
    await new Iptables(lab.node, "nft").restore("IPv4", `*nat\n${rule}\nCOMMIT\n`);
    await using weir = new WeirProcess(["--cleanup"], lab.node);
    assert.equal(await weir.ended(), 1);
    assert.ok(weir.log.includes(rule), weir.log);
    const left = (await rulesOf(lab.node, "nft")).split("\n").filter((line) =>
      line.includes("KUBE-MARK-MASQ")
    );
    assert.ok(left.includes(rule));
    assert.ok(left.includes("-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000"));
    assert.doesNotMatch(
      await rulesOf(lab.node, "nft"),
      /:KUBE-SERVICES|:KUBE-SEP|table ip6? (weir|kube-proxy) /,
    );
  },
});

Deno.test({
  name: "The IP sets of the ipvs mode go after the rules that use them, in both families",
  ignore: !await isUsable("nft") || !await isInstalled("ipset"),
  async fn() {
    await using lab = await Lab.create();
    const sets = ["CLUSTER-IP", "LOAD-BALANCER", "LOAD-BALANCER-FW"].map((name) =>
      `create KUBE-${name} hash:ip,port\n`
    );
    sets.push("create KUBE-IPVS-IPS hash:ip\n", "create KUBE-LOOP-BACK hash:ip,port,ip\n");
    sets.push("create KUBE-6-LOAD-BALANCER-SOURCE-CID hash:ip,port,net family inet6\n");
    sets.push(
      "create KUBE-NODE-PORT-TCP bitmap:port range 0-65535\nadd KUBE-NODE-PORT-TCP 30080\n",
    );
    const mine = "create KUBE-MINE hash:ip family inet\nadd KUBE-MINE 192.0.2.1\n";
    await lab.node.output("ipset", ["restore"], { stdin: [...sets, mine] });
    const iptables = new Iptables(lab.node, "nft");
    await iptables.restore("IPv4", IPVS_MODE);
    await using weir = new WeirProcess(["--cleanup"], lab.node);
    assert.equal(await weir.ended(), 0, weir.log);
    assert.doesNotMatch(await iptables.save("IPv4"), /KUBE-/);
    assert.equal(await lab.node.output("ipset", ["list", "-name"]), "KUBE-MINE\n");
  },
});

/** Tells whether this machine lets us try a variant of iptables. The legacy one needs root for its lock. */
async function isUsable(variant: string): Promise<boolean> {
  if (variant === "legacy" && Deno.env.get("WEIR_TEST_ROOTLESS") === "1") return false;
  return IN_NAMESPACE && await isInstalled(`iptables-${variant}-save`);
}

async function isInstalled(program: string): Promise<boolean> {
  try {
    await new Deno.Command(program, { args: ["--version"], stdout: "null" }).output();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
