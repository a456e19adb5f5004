import assert from "node:assert/strict";
import { type RulesetNews, RulesetReader } from "../../../backends/nftables/ruleset_events.ts";

/** What nft 1.0.6 printed while the changes were made that the tests name. nft 1.1.3 differs in how it writes a priority. */
const RECORDED = `table ip weir {
	map service-ips {
		typeof ip daddr . meta l4proto . th dport : verdict
	}

	map tcp-endpoints {
		typeof ip daddr . tcp dport . numgen random mod 65536 : ip daddr . tcp dport
	}

	map affinity-x {
		typeof ip saddr : ip daddr
		size 65536
		flags dynamic,timeout
	}

	chain schema-1 {
	}

	chain tcp-lb-2 {
		dnat ip to ip daddr . tcp dport . numgen random mod 2 map @tcp-endpoints
	}

	chain nat-output {
		type nat hook output priority -100; policy accept;
		jump tcp-lb-2
	}
}
table ip6 weir {
	chain schema-1 {
	}
}
payload expression, datatype inet_service (internet network service) (basetype integer), 16 bits
delete element ip weir tcp-endpoints { 10.96.0.10 . 80 . 1 : 10.244.1.6 . 8080 }
# new generation 3 by process 469 (nft)
add element ip weir service-ips { 10.96.0.11 . tcp . 80 comment "default/api:http" : goto tcp-lb-2 }
# new generation 4 by process 470 (nft)
delete element ip weir tcp-endpoints { 10.96.0.10 . 80 . 0 : 10.244.1.5 . 8080 }
# new generation 5 by process 471 (nft)
insert rule ip weir tcp-lb-2 drop
# new generation 6 by process 472 (nft)
delete rule ip weir tcp-lb-2 handle 9
delete rule ip weir tcp-lb-2 handle 7
# new generation 7 by process 473 (nft)
add table inet firewalld
add chain inet firewalld x { type filter hook input priority filter + 10; policy accept; }
# new generation 8 by process 475 (nft)
add table ip weird
add table ip other
add chain ip other weir
# new generation 9 by process 476 (nft)
add table ip filter
add chain ip filter INPUT { type filter hook input priority filter; policy accept; }
# new generation 10 by process 477 (iptables-nft)
add table ip weir { flags dormant; }
# new generation 11 by process 478 (nft)
add chain ip weir nat-output { type nat hook output priority -100; policy drop; }
# new generation 12 by process 479 (nft)
add chain ip6 weir extra
add counter ip6 weir hits { packets 0 bytes 0 } 
# new generation 13 by process 480 (nft)
delete rule ip weir nat-output handle 8
delete set ip weir service-ips
delete set ip weir tcp-endpoints
delete set ip weir affinity-x
delete chain ip weir schema-1
delete chain ip weir tcp-lb-2
delete chain ip weir nat-output
delete table ip weir
delete counter ip6 weir hits
delete chain ip6 weir schema-1
delete chain ip6 weir extra
delete table ip6 weir
delete set inet firewalld __set0
delete chain inet firewalld x
delete table inet firewalld
delete table ip weird
delete chain ip other weir
delete table ip other
delete chain ip filter INPUT
delete table ip filter
# new generation 14 by process 481 (nft)`;

const BY_1_1_3 = RECORDED.replaceAll("output priority -100;", "output priority dstnat;");

function read(text: string): readonly RulesetNews[] {
  const news: RulesetNews[] = [];
  const reader = new RulesetReader((one) => news.push(one));
  for (const line of text.split("\n")) reader.line(line);
  return news;
}

/** One line for each: what was done to which family, and by whom. */
function inShort(news: readonly RulesetNews[]): readonly string[] {
  return news.map((one) => {
    switch (one.kind) {
      case "listening":
        return `listening, present: ${[...one.present].join()}`;
      case "lost":
        return "lost";
      case "committed": {
        const by = one.by === undefined ? "somebody" : `${one.by.name} ${one.by.pid}`;
        return [...one.what].map(([family, what]) => `${family}: ${what} by ${by}`).join("; ");
      }
    }
  });
}

for (const [version, text] of [["1.0.6", RECORDED], ["1.1.3", BY_1_1_3]] as const) {
  Deno.test(`What nft ${version} prints tells every change of weir's tables and no other`, () => {
    assert.deepEqual(inShort(read(text)), [
      "listening, present: IPv4,IPv6",
      "IPv4: delete element by nft 469",
      "IPv4: add element by nft 470",
      "IPv4: delete element by nft 471",
      "IPv4: insert rule by nft 472",
      "IPv4: 2 x delete rule by nft 473",
      // Nothing of the tables "inet firewalld", "ip weird" and "ip other", of which a chain is named "weir"
      // Nothing of iptables-nft
      "IPv4: add table by nft 478",
      "IPv4: add chain by nft 479",
      "IPv6: add chain, add counter by nft 480",
      "IPv4: delete rule, 3 x delete set, 3 x delete chain, delete table by nft 481; " +
      "IPv6: delete counter, 2 x delete chain, delete table by nft 481",
    ]);
  });
}

const DESCRIBED =
  "payload expression, datatype inet_service (internet network service) (basetype integer), 16 bits\n";

const cases = [
  {
    name: "an empty ruleset has no tables of weir's",
    text: DESCRIBED,
    want: ["listening, present: "],
  },
  {
    name: "a table whose name only begins like weir's is not weir's",
    text: `table ip weird {\n}\ntable inet weir {\n}\n${DESCRIBED}`,
    want: ["listening, present: "],
  },
  {
    name: "what is listed is no change",
    text: `table ip6 weir {\n}\n`,
    want: [],
  },
  {
    name: "a transaction is told of at its end, and not before",
    text: `${DESCRIBED}delete table ip weir\n`,
    want: ["listening, present: "],
  },
  {
    name: "a program may have any name",
    text:
      `${DESCRIBED}delete table ip weir\n# new generation 9 by process 7 (a) (b) # new generation)\n`,
    want: ["listening, present: ", "IPv4: delete table by a) (b) # new generation 7"],
  },
  {
    name: "nobody is named where the kernel does not say who",
    text: `${DESCRIBED}delete table ip weir\n# new generation 9\n`,
    want: ["listening, present: ", "IPv4: delete table by somebody"],
  },
  {
    name: "objects with names of two words count",
    text: `${DESCRIBED}add ct helper ip weir x { type "ftp" protocol tcp; }\n# new generation 9\n`,
    want: ["listening, present: ", "IPv4: add ct helper by somebody"],
  },
  {
    name: "of many kinds of changes the first six are named",
    text: `${DESCRIBED}${
      ["table", "chain", "rule", "map", "set", "element", "counter"]
        .map((kind) => `add ${kind} ip weir x\n`).join("")
    }# new generation 9\n`,
    want: [
      "listening, present: ",
      "IPv4: add table, add chain, add rule, add map, add set, add element, … by somebody",
    ],
  },
  {
    name: "a transaction that is not whole is not told of, but that something was lost is",
    text: `${DESCRIBED}delete rule ip weir x handle 4
# ERROR: We lost some netlink events!
delete table ip weir
# new generation 9 by process 7 (nft)
delete chain ip weir x
# new generation 10 by process 8 (nft)
`,
    want: ["listening, present: ", "lost", "IPv4: delete chain by nft 8"],
  },
];

for (const { name, text, want } of cases) {
  Deno.test(`In nft's output ${name}`, () => assert.deepEqual(inShort(read(text)), want));
}
