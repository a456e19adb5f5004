import assert from "node:assert/strict";
import { modeWarnings } from "../../config/mode_warnings.ts";
import { parseConfiguration } from "../../config/parse.ts";
import { configText } from "./config_text.ts";

function warningsOf(fields: string): readonly string[] {
  return modeWarnings(parseConfiguration(configText(fields), { file: "x" }).config);
}

Deno.test("The mode nftables needs no warning", () => {
  assert.deepEqual(warningsOf("mode: nftables\niptables: {masqueradeAll: true}"), []);
});

const FOREIGN: readonly {
  name: string;
  given: string;
  has: readonly string[];
  lacks: readonly string[];
}[] = [
  {
    name: "ipvs with rr and periods",
    given:
      'mode: "ipvs"\nclusterCIDR: 10.244.0.0/16\nipvs: {scheduler: rr, minSyncPeriod: 5s, syncPeriod: 30s}',
    has: [
      'Mode "ipvs" becomes nftables',
      'scheduler "rr" becomes a random endpoint for every new connection',
      "ipvs.syncPeriod 30s and ipvs.minSyncPeriod 5s are honoured",
      "node ports answer on every address",
    ],
    lacks: ["strictARP", "excludeCIDRs", "tcpTimeout", "masquerade", "localhostNodePorts"],
  },
  {
    name: "ipvs with everything",
    given: `mode: ipvs
ipvs: {scheduler: sh, strictARP: true, excludeCIDRs: [10.0.0.0/8], tcpTimeout: 900s, tcpFinTimeout: 2m, udpTimeout: 5m}
iptables: {masqueradeAll: true, masqueradeBit: 7}
nodePortAddresses: [10.0.0.0/8]`,
    has: [
      "sessionAffinity",
      "strictARP has no effect",
      "excludeCIDRs has no effect",
      "tcpTimeout 15m0s has no effect, set conntrack.tcpEstablishedTimeout",
      "tcpFinTimeout 2m0s has no effect, set conntrack.tcpCloseWaitTimeout",
      "udpTimeout 5m0s has no effect, set conntrack.udpTimeout",
      "iptables.masqueradeAll is honoured",
      "iptables.masqueradeBit 7 is honoured",
    ],
    lacks: ["node ports answer on every address"],
  },
  {
    name: "ipvs with a scheduler that counts connections",
    given: "mode: ipvs\nipvs: {scheduler: lc}",
    has: ["connections are not counted"],
    lacks: [],
  },
  {
    name: "iptables with its section",
    given: "mode: iptables\niptables: {syncPeriod: 1m, minSyncPeriod: 0s, masqueradeAll: true}",
    has: [
      'Mode "iptables" becomes nftables',
      "iptables.syncPeriod 1m0s and iptables.minSyncPeriod 0s are honoured",
      "iptables.masqueradeAll is honoured",
      "node ports do not answer on 127.0.0.1",
    ],
    lacks: ["scheduler"],
  },
  {
    name: "iptables without what changes",
    given: "mode: iptables\niptables: {localhostNodePorts: false}\nnodePortAddresses: [primary]",
    has: ["are honoured"],
    lacks: ["127.0.0.1", "every address"],
  },
  {
    name: "blank",
    given: "",
    has: ['Mode "" (kube-proxy runs it as iptables)'],
    lacks: ["scheduler"],
  },
];

Deno.test("Any other mode has exactly one warning, which says what each of its options becomes", () => {
  for (const { name, given, has, lacks } of FOREIGN) {
    const warnings = warningsOf(given);
    assert.equal(warnings.length, 1, name);
    for (const part of has) {
      assert.ok(warnings[0]?.includes(part), `${name}: ${part}: ${warnings[0]}`);
    }
    for (const part of lacks) assert.ok(!warnings[0]?.includes(part), `${name}: ${part}`);
  }
});
