import assert from "node:assert/strict";
import { isTranslated, parseFlow } from "../../../backends/conntrack/flow.ts";

const FLOW = {
  destination: "10.96.0.10",
  destinationPort: 53,
  replySource: "10.244.1.5",
  replySourcePort: 8053,
};
const ORIGINAL = "src=10.244.2.7 dst=10.96.0.10 sport=40000 dport=53";
const REPLY = "src=10.244.1.5 dst=10.244.2.7 sport=8053 dport=40000";

const CASES = [
  {
    name: "a flow that was answered",
    line: `udp      17 117 ${ORIGINAL} ${REPLY} [ASSURED] mark=0 use=1`,
    want: FLOW,
  },
  {
    name: "a flow without an answer",
    line: `udp      17 29 ${ORIGINAL} [UNREPLIED] ${REPLY} mark=0 use=1`,
    want: FLOW,
  },
  {
    name: "a flow with counters, a mark and a security context",
    line: `udp      17 29 ${ORIGINAL} packets=12 bytes=720 ${REPLY} packets=11 bytes=901 ` +
      "[ASSURED] mark=16384 secctx=system_u:object_r:unlabeled_t:s0 use=2",
    want: FLOW,
  },
  {
    name: "an offloaded flow, which has no timeout",
    line: `udp      17 ${ORIGINAL} ${REPLY} [OFFLOAD] mark=0 use=3`,
    want: FLOW,
  },
  { name: "nothing behind the tuples", line: `udp      17 29 ${ORIGINAL} ${REPLY}`, want: FLOW },
  {
    name: "IPv6",
    line: "udp      17 29 src=fd00:244::2:7 dst=fd00:96::10 sport=40000 dport=53 [UNREPLIED] " +
      "src=fd00:244::1:5 dst=fd00:244::2:7 sport=8053 dport=40000 mark=0 use=1",
    want: { ...FLOW, destination: "fd00:96::10", replySource: "fd00:244::1:5" },
  },
  { name: "TCP", line: `tcp      6 86399 ESTABLISHED ${ORIGINAL} ${REPLY} [ASSURED] mark=0 use=1` },
  { name: "UDP-Lite", line: `udplite  136 29 ${ORIGINAL} ${REPLY} mark=0 use=1` },
  { name: "SCTP", line: `sctp     132 9 ESTABLISHED ${ORIGINAL} ${REPLY} mark=0 use=1` },
  {
    name: "ICMP",
    line: "icmp     1 29 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=1 src=10.0.0.2 dst=10.0.0.1 " +
      "type=0 code=0 id=1 mark=0 use=1",
  },
  { name: "another zone", line: `udp      17 29 ${ORIGINAL} ${REPLY} mark=0 zone=7 use=1` },
  {
    name: "a zone of the original direction",
    line: `udp      17 29 ${ORIGINAL} zone-orig=9 ${REPLY} mark=0 use=1`,
  },
  { name: "no reply tuple", line: `udp      17 29 ${ORIGINAL} [UNREPLIED] mark=0 use=1` },
  {
    name: "a tuple without ports",
    line: `udp      17 29 src=10.244.2.7 dst=10.96.0.10 [UNREPLIED] ${REPLY} mark=0 use=1`,
  },
  {
    name: "a reply without its source port",
    line: `udp      17 29 ${ORIGINAL} src=10.244.1.5 dst=10.244.2.7 dport=40000 mark=0 use=1`,
  },
  { name: "a line that was cut off", line: `udp      17 29 ${ORIGINAL} src=10.244.1.5 dst=10.2` },
  { name: "an empty line", line: "" },
  {
    name: "what the program says about itself",
    line: "conntrack v1.4.7 (conntrack-tools): 6 flow entries have been shown.",
  },
] as const;

for (const { name, line, ...rest } of CASES) {
  const want = "want" in rest ? rest.want : undefined;
  Deno.test(`parseFlow() ${want === undefined ? "passes over" : "reads"}: ${name}`, () => {
    assert.deepEqual(parseFlow(line), want);
  });
}

Deno.test("A flow is translated when its answers come from elsewhere, or from another port", () => {
  const untouched = { ...FLOW, replySource: FLOW.destination, replySourcePort: 53 };
  assert.equal(isTranslated(untouched), false);
  assert.equal(isTranslated({ ...untouched, replySourcePort: 54 }), true);
  assert.equal(isTranslated(FLOW), true);
});
