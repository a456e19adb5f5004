import assert from "node:assert/strict";
import { parseListing, sizeOf } from "../../bench/listing.ts";

const LISTING = `table ip example {
	comment "an example"
	set cluster-ips {
		type ipv4_addr
		comment "Active ClusterIPs"
		elements = { 10.96.0.1, 10.96.1.1,
			     10.96.1.2 }
	}

	map empty {
		type ipv4_addr . inet_service : verdict
	}

	set affinity-A-default/web {
		type ipv4_addr
		flags dynamic,timeout
	}

	map service-ips {
		type ipv4_addr . inet_proto . inet_service : verdict
		elements = { 10.96.0.1 . tcp . 443 comment "default/kubernetes:https" : goto service-A }
	}

	chain filter-input {
		type filter hook input priority filter; policy accept;
		ct state new jump service-endpoints-check
	}

	chain empty-chain {
	}

	chain service-A {
		comment "a service"
		ct state { established, related } accept
		update @affinity-A-default/web { ip saddr }
		meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.1.0.1 . 80, 1 : 10.1.0.2 . 80 }
	}
}
`;

Deno.test("A listing tells the rules of each chain and the elements of each set", () => {
  const { chains, sets } = parseListing(LISTING);
  assert.deepEqual([...chains], [["filter-input", 1], ["empty-chain", 0], ["service-A", 3]]);
  assert.deepEqual([...sets], [
    ["cluster-ips", 3],
    ["empty", 0],
    ["affinity-A-default/web", 0],
    ["service-ips", 1],
  ]);
});

Deno.test("Sets that are written into rules count, what rules do to named sets does not", () => {
  assert.deepEqual(parseListing(LISTING).anonymous, [
    { chain: "service-A", elements: 2 },
    { chain: "service-A", elements: 2 },
  ]);
});

Deno.test("A table's size is the sum of all of that", () => {
  assert.deepEqual(sizeOf(parseListing(LISTING)), { chains: 3, rules: 4, sets: 6, elements: 8 });
});
