import assert from "node:assert/strict";
import { parseQuestion } from "../../../daemon/explain/question.ts";

const TARGETS = [
  { given: "10.96.0.10:80", want: { address: "10.96.0.10", port: 80, protocol: "TCP" } },
  { given: "10.96.0.010:53/udp", want: { address: "10.96.0.10", port: 53, protocol: "UDP" } },
  { given: "[fd00::0001]:9/SCTP", want: { address: "fd00::1", port: 9, protocol: "SCTP" } },
] as const;

Deno.test("A target is an address and port, with the protocol TCP unless it is named", () => {
  for (const { given, want } of TARGETS) {
    assert.deepEqual(parseQuestion(given, undefined).target, { by: "address", ...want }, given);
  }
});

Deno.test("A target is a Service, or one of its ports by number or name", () => {
  const services = { "a/b": undefined, "a/b:80": "80", "kube-system/dns:dns-tcp": "dns-tcp" };
  for (const [given, port] of Object.entries(services)) {
    const want = { by: "service", service: given.split(":")[0], port };
    assert.deepEqual(parseQuestion(given, undefined).target, want, given);
  }
});

Deno.test("A sender is a kind of sender or an address", () => {
  for (const kind of ["pod", "node", "outside"]) {
    assert.equal(parseQuestion("a/b", kind).from, kind);
  }
  assert.deepEqual(parseQuestion("a/b", "FD00::1").from, { address: "fd00::1" });
});

const REFUSED = [
  { given: ["x"], want: /"x": write ADDRESS:PORT/ },
  { given: [""], want: /"": write ADDRESS:PORT/ },
  { given: ["10.96.0.10"], want: /has no port, write e\.g\. "10\.96\.0\.10:80"/ },
  { given: ["fd00::1"], want: /has no port, write e\.g\. "\[fd00::1\]:80"/ },
  { given: ["10.96.0.300:80"], want: /"10\.96\.0\.300" is not an IP address/ },
  { given: ["10.96.0.10:0"], want: /0 is not between 1 and 65535/ },
  { given: ["10.96.0.10:70000"], want: /70000 is not between/ },
  { given: ["10.96.0.10:80/icmp"], want: /"icmp" is not one of tcp, udp, sctp/ },
  { given: ["a/b", "nobody"], want: /"nobody" as --from: write pod, node, outside/ },
  { given: ["10.96.0.10:80", "fd00::1"], want: /one is IPv4, the other IPv6/ },
] as const;

for (const { given: [target, from], want } of REFUSED) {
  Deno.test(`"${target}" from ${from ?? "everybody"} is refused with what is wrong`, () => {
    assert.throws(() => parseQuestion(target, from), { name: "SyntaxError", message: want });
  });
}
