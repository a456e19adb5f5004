import assert from "node:assert/strict";
import { Lab, type Namespace } from "../../cli/demo/lab.ts";
import { kernelTestWith } from "../support/kernel_needs.ts";
import { IPVS_MODE } from "../support/kube_proxy_rules.ts";
import { projectPath, WeirProcess } from "../support/weir_process.ts";

/** What kube-proxy's ipvs mode makes: its interface with Services' addresses, virtual servers, and IP sets. */
const OWN = {
  links: `link add kube-ipvs0 type dummy
address add 10.96.0.1/32 dev kube-ipvs0
address add 10.96.0.10/32 dev kube-ipvs0
address add fd00:96::10/128 dev kube-ipvs0 nodad
`,
  servers: `-A -t 10.96.0.1:443 -s rr
-a -t 10.96.0.1:443 -r 192.0.2.10:6443 -m -w 1
-A -u 10.96.0.10:53 -s rr
-A --sctp-service 10.96.0.10:90 -s rr
-A -t [fd00:96::10]:80 -s rr
-a -t [fd00:96::10]:80 -r [fd00:244::1:5]:8080 -m -w 1
-A -t 192.0.2.10:30080 -s rr
-A --sctp-service 192.0.2.10:30090 -s rr
-A -t [2001:db8::10]:30080 -s rr
`,
  sets: `create KUBE-CLUSTER-IP hash:ip,port
create KUBE-LOAD-BALANCER hash:ip,port
create KUBE-LOAD-BALANCER-FW hash:ip,port
create KUBE-IPVS-IPS hash:ip
create KUBE-LOOP-BACK hash:ip,port,ip
create KUBE-NODE-PORT-TCP bitmap:port range 0-65535
add KUBE-NODE-PORT-TCP 30080
create KUBE-NODE-PORT-SCTP-HASH hash:ip,port
add KUBE-NODE-PORT-SCTP-HASH 192.0.2.10,sctp:30090
create KUBE-6-NODE-PORT-TCP bitmap:port range 0-65535
add KUBE-6-NODE-PORT-TCP 30080
`,
};

/** What others made, of the same kinds and close to kube-proxy's. */
const FOREIGN = {
  links: `link add kube-ipvs1 type dummy
address add 10.96.0.77/32 dev kube-ipvs1
`,
  servers: `-A -t 10.96.0.77:80 -s rr
-a -t 10.96.0.77:80 -r 192.0.2.20:80 -m -w 3
-A -u 192.0.2.10:30080 -s wlc
-A -t [2001:db8::10]:30081 -s rr
-A -f 7 -s rr
`,
  sets: `create KUBE-MINE hash:ip
add KUBE-MINE 192.0.2.1
`,
};

const NEEDS = ["dummy interfaces", "IPVS and ipvsadm", "IP sets and ipset"] as const;

await kernelTestWith(
  NEEDS,
  "--cleanup takes away the virtual servers, the interface and the IP sets of the ipvs mode, and no others",
  async () => {
    await using reference = await Lab.create();
    await add(reference.node, FOREIGN);
    await using lab = await Lab.create();
    await add(lab.node, OWN);
    await add(lab.node, FOREIGN);
    await lab.node.output("iptables-nft-restore", ["--noflush"], { stdin: [IPVS_MODE] });

    await using weir = new WeirProcess(["--cleanup"], lab.node);
    assert.equal(await weir.ended(), 0, weir.log);
    assert.match(weir.log, /7 virtual servers/);
    assert.match(weir.log, /the interface kube-ipvs0/);
    assert.deepEqual(await stateOf(lab.node), await stateOf(reference.node));
    assert.doesNotMatch(await lab.node.output("iptables-nft-save", []), /KUBE-/);
  },
);

await kernelTestWith(
  NEEDS,
  "A start takes what the ipvs mode left away once weir's own rules work",
  async () => {
    await using reference = await Lab.create();
    await add(reference.node, FOREIGN);
    await using lab = await Lab.create();
    await add(lab.node, OWN);
    await add(lab.node, FOREIGN);
    await using weir = new WeirProcess(["--manifests", projectPath("examples")], lab.node);
    await weir.logged(/Removed what kube-proxy left .*7 virtual servers/);
    assert.deepEqual(await stateOf(lab.node), await stateOf(reference.node));
    assert.equal(await weir.end(), 0);
    assert.ok(weir.log.indexOf("Synced family=IPv6") < weir.log.indexOf("7 virtual servers"));
  },
);

await kernelTestWith(
  ["dummy interfaces"],
  "Where only the interface of the ipvs mode is left, it goes",
  async () => {
    await using lab = await Lab.create();
    await lab.node.output("ip", ["-batch", "-"], { stdin: [OWN.links] });
    await using weir = new WeirProcess(["--cleanup"], lab.node);
    assert.equal(await weir.ended(), 0, weir.log);
    assert.doesNotMatch(await lab.node.output("ip", ["-brief", "link"]), /kube-ipvs0/);
  },
);

async function add(node: Namespace, { links, servers, sets }: typeof OWN): Promise<void> {
  await node.output("ip", ["-batch", "-"], { stdin: [links] });
  await node.output("ipvsadm", ["--restore"], { stdin: [servers] });
  await node.output("ipset", ["restore"], { stdin: [sets] });
}

/** What a node has of the kinds of things that the ipvs mode makes. */
async function stateOf(node: Namespace): Promise<Readonly<Record<string, readonly string[]>>> {
  const links = await node.output("ip", ["-brief", "address"]);
  const servers = await node.output("ipvsadm", ["--save", "--numeric"]);
  const sets = await node.output("ipset", ["save"]);
  const sorted = (text: string) => text.trim().split("\n").map((line) => line.trim()).toSorted();
  return {
    links: sorted(links.replace(/\bfe80::\S+/g, "")),
    servers: sorted(servers),
    sets: sorted(sets.replace(/ (initval|bucketsize) \S+/g, "")),
  };
}
