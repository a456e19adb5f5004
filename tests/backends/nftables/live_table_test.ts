import assert from "node:assert/strict";
import { parseLiveTable } from "../../../backends/nftables/nft.ts";
import { SCHEMA_CHAIN } from "../../../backends/nftables/names.ts";

const OTHERS = `table ip kube-proxy {
	chain services {
	}
	chain tcp-lb-99 {
	}
}
`;

function listing(...chains: readonly string[]): string {
  const blocks = chains.map((name) => `\tchain ${name} {\n\t}\n`).join("");
  return `${OTHERS}table ip weir {\n${blocks}}\n${OTHERS.replace("kube-proxy", "weird")}`;
}

Deno.test("A kernel without weir's table has nothing of weir's", () => {
  const { outdated, parts } = parseLiveTable(OTHERS, "IPv4");
  assert.deepEqual({ outdated, parts }, { outdated: false, parts: new Set() });
});

Deno.test("kube-proxy's table is found with and without weir's, in its own family only", () => {
  assert.equal(parseLiveTable(OTHERS, "IPv4").hasKubeProxy, true);
  assert.equal(parseLiveTable(listing(SCHEMA_CHAIN), "IPv4").hasKubeProxy, true);
  assert.equal(parseLiveTable(listing(SCHEMA_CHAIN), "IPv6").hasKubeProxy, false);
  const others = listing(SCHEMA_CHAIN).replaceAll("kube-proxy", "kube-proxy-2");
  assert.equal(parseLiveTable(others, "IPv4").hasKubeProxy, false);
});

Deno.test("Balancers of weir's own table are found, and none of other tables", () => {
  const live = parseLiveTable(
    listing(SCHEMA_CHAIN, "services", "tcp-lb-2", "udp-nodeport-local-lb-7"),
    "IPv4",
  );
  assert.equal(live.outdated, false);
  assert.deepEqual([...live.parts], ["chain tcp-lb-2", "chain udp-nodeport-local-lb-7"]);
});

const HOOKED = [
  { name: "as weir made it", chain: "nat-output", policy: "accept", outdated: false },
  { name: "with another policy", chain: "nat-output", policy: "drop", outdated: true },
  { name: "of which the hook is gone", chain: "nat-output", policy: undefined, outdated: true },
  { name: "that is not weir's", chain: "blackout", policy: "accept", outdated: true },
];

for (const { name, chain, policy, outdated } of HOOKED) {
  Deno.test(`A table with a base chain ${name} is ${outdated ? "made anew" : "kept"}`, () => {
    const type = policy && `\t\ttype nat hook output priority -100; policy ${policy};\n`;
    const text = listing(SCHEMA_CHAIN, chain)
      .replace(`chain ${chain} {\n`, `chain ${chain} {\n${type ?? ""}`);
    assert.equal(parseLiveTable(text, "IPv4").outdated, outdated);
  });
}

Deno.test("What session affinity needs is found, and its maps by the chains that fill them", () => {
  const chains = [
    "sticky-tcp-lb-2-default/web/tcp",
    "learn-10800s-default/web/tcp",
    "learn-local-10800s-default/web/tcp",
    "learn-both-10800s-default/web/tcp",
    "learn-60s-default/web/udp",
  ];
  const parts = [
    ...chains.map((name) => `chain ${name}`),
    "map affinity-default/web/tcp",
    "map affinity-local-default/web/tcp",
    "map affinity-default/web/udp",
  ];
  const ipv4 = parseLiveTable(listing(SCHEMA_CHAIN, ...chains), "IPv4");
  assert.deepEqual([...ipv4.parts].sort(), parts.sort());
  const portMaps = ["default/web/tcp", "local-default/web/tcp", "default/web/udp"]
    .map((name) => `map affinity-port-${name}`);
  const ipv6 = parseLiveTable(
    listing(SCHEMA_CHAIN, ...chains).replaceAll("table ip ", "table ip6 "),
    "IPv6",
  );
  assert.deepEqual([...ipv6.parts].sort(), [...parts, ...portMaps].sort());
});

Deno.test("A table without this version's mark is outdated", () => {
  assert.equal(parseLiveTable(listing("schema-0", "services"), "IPv4").outdated, true);
});

Deno.test("The other family's table is not looked at", () => {
  assert.equal(parseLiveTable(listing("tcp-lb-2"), "IPv6").parts.size, 0);
});
