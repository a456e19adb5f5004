import assert from "node:assert/strict";
import {
  ownIpSets,
  parseLink,
  parseNodePorts,
  planVirtualServers,
} from "../../../backends/cleanup/ipvs.ts";
import { ipSets, nodePortSets } from "../../../backends/cleanup/kube_proxy_names.ts";

const LINK = JSON.stringify([{
  ifname: "kube-ipvs0",
  linkinfo: { info_kind: "dummy" },
  addr_info: [
    { family: "inet", local: "10.96.0.1", prefixlen: 32 },
    { family: "inet6", local: "fd00:96::1", prefixlen: 128 },
  ],
}]);

const SAVED = `-A -t 10.96.0.1:443 -s rr
-a -t 10.96.0.1:443 -r 192.0.2.10:6443 -m -w 1
-A -u 10.96.0.1:53 -s rr -p 10800
-A -t [fd00:96::1]:443 -s rr -p 10800 -M 128
-A --sctp-service 10.96.0.1:9 -s rr
-A -t 192.0.2.10:30080 -s rr
-A -u 192.0.2.10:30080 -s rr
-A -t [2001:db8::10]:30080 -s rr
-A -t 203.0.113.80:80 -s wlc
-a -t 203.0.113.80:80 -r 203.0.113.1:80 -g -w 1
-A -f 1 -s rr
`;

Deno.test("The interface's kind and addresses are read", () => {
  assert.deepEqual(parseLink(LINK), {
    kind: "dummy",
    addresses: new Set(["10.96.0.1", "fd00:96::1"]),
  });
  assert.deepEqual(parseLink('[{"ifname":"kube-ipvs0"}]'), { kind: "", addresses: new Set() });
  assert.equal(parseLink("[]"), undefined);
});

Deno.test("Only virtual servers on kube-proxy's addresses and node ports go", () => {
  const addresses = new Set(["10.96.0.1", "fd00:96::1"]);
  const nodePorts = [
    { family: "IPv4", protocol: "tcp", port: 30080 },
    { family: "IPv6", protocol: "udp", port: 30080 },
  ] as const;
  assert.deepEqual(planVirtualServers(SAVED, addresses, nodePorts), [
    "-D -t 10.96.0.1:443\n",
    "-D -u 10.96.0.1:53\n",
    "-D -t [fd00:96::1]:443\n",
    "-D --sctp-service 10.96.0.1:9\n",
    "-D -t 192.0.2.10:30080\n",
  ]);
});

Deno.test("Without anything of kube-proxy's no virtual server goes", () => {
  assert.deepEqual(planVirtualServers(SAVED, new Set(), []), []);
});

Deno.test("Node ports are read from sets of both families", () => {
  const save = `create KUBE-NODE-PORT-TCP bitmap:port range 0-65535
add KUBE-NODE-PORT-TCP 30080
add KUBE-6-NODE-PORT-UDP 30053
add KUBE-NODE-PORT-SCTP-HASH 192.0.2.10,sctp:30090
add KUBE-6-NODE-PORT-SCTP-HASH 2001:db8::10,sctp:30091
`;
  assert.deepEqual(parseNodePorts(save), [
    { family: "IPv4", protocol: "tcp", port: 30080 },
    { family: "IPv6", protocol: "udp", port: 30053 },
    { family: "IPv4", protocol: "sctp", port: 30090 },
    { family: "IPv6", protocol: "sctp", port: 30091 },
  ]);
});

Deno.test("kube-proxy's IP sets of both families are found, and no other's", () => {
  const own = [...ipSets("IPv4"), ...ipSets("IPv6")];
  const others = ["KUBE-LOAD", "KUBE-6-", "KUBE-CLUSTER-IP-2", "cali40all-ipam-pools", ""];
  assert.deepEqual(ownIpSets([...others, ...own, ...others].join("\n")), own);
});

Deno.test("There are 17 IP sets in each family, with names as kube-proxy cuts them", () => {
  assert.equal(new Set(ipSets("IPv4")).size, 17);
  assert.equal(new Set(ipSets("IPv6")).size, 17);
  assert.ok(ipSets("IPv6").includes("KUBE-6-LOAD-BALANCER-SOURCE-CID"));
  assert.ok(ipSets("IPv4").includes("KUBE-LOAD-BALANCER-SOURCE-CIDR"));
  assert.deepEqual(nodePortSets("IPv6"), [
    "KUBE-6-NODE-PORT-TCP",
    "KUBE-6-NODE-PORT-UDP",
    "KUBE-6-NODE-PORT-SCTP-HASH",
  ]);
});
