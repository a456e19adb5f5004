import assert from "node:assert/strict";
import { evaluate, type Packet } from "../../../backends/memory/evaluate.ts";
import { EMPTY_RULESET } from "../../../backends/memory/ruleset.ts";
import { runScript } from "../../../backends/memory/transaction.ts";

const NODE = { localAddresses: ["192.0.2.10"] };
const FROM_POD: Packet = {
  protocol: "TCP",
  source: "10.244.1.5",
  destination: "10.96.0.10",
  port: 80,
  ingress: "pod-a",
};
const TO_ITSELF: Packet = {
  ...FROM_POD,
  source: "192.0.2.10",
  destination: "192.0.2.10",
  ingress: undefined,
};

/** Writes a script: statements without `ip t`, which stands after their first two words. */
function scriptOf(statements: readonly string[]): string {
  const written = statements.map((one) => one.replace(/^\S+ \S+/, (words) => `${words} ip t`));
  return ["add table ip t", ...written].join("\n");
}

function follow(statements: readonly string[], packet: Packet) {
  return evaluate(runScript(EMPTY_RULESET, scriptOf(statements)), packet, NODE);
}

const FORWARD = "add chain forward { type filter hook forward priority 0 ; }";
const CHAINS = ["add chain a", "add chain b", FORWARD];

/** How chains lead to each other, after `nft(8)`. */
const CHAIN_ROWS: readonly { name: string; rules: readonly string[]; want: string }[] = [
  { name: "a chain without verdict lets through", rules: [], want: "untouched" },
  { name: "jump comes back", rules: ["forward jump a", "forward drop"], want: "drop" },
  {
    name: "goto does not come back",
    rules: ["forward goto a", "forward drop"],
    want: "untouched",
  },
  {
    name: "goto comes back to where its chain was jumped to from",
    rules: ["forward jump a", "forward reject", "a goto b", "a drop"],
    want: "reject",
  },
  {
    name: "return ends its chain",
    rules: ["forward jump a", "forward reject", "a return", "a drop"],
    want: "reject",
  },
  {
    name: "accept ends all chains of the hook's entry",
    rules: ["forward jump a", "forward drop", "a accept"],
    want: "untouched",
  },
  {
    name: "a rule that does not apply is passed by",
    rules: ["forward ip saddr 192.0.2.0/24 drop", "forward ip saddr 10.244.0.0/16 reject"],
    want: "reject",
  },
];

for (const { name, rules, want } of CHAIN_ROWS) {
  Deno.test(`Chains: ${name}`, () => {
    const statements = [...CHAINS, ...rules.map((rule) => `add rule ${rule}`)];
    assert.equal(follow(statements, FROM_POD).verdict, want);
  });
}

Deno.test("Base chains of a hook are entered in the order of their priorities", () => {
  const statements = [
    "add chain late { type filter hook forward priority 10 ; }",
    "add chain early { type filter hook forward priority -10 ; }",
    "add rule late drop",
    "add rule early reject",
  ];
  assert.equal(follow(statements, FROM_POD).verdict, "reject");
});

Deno.test("A chain that accepts does not keep the next one from dropping", () => {
  const statements = [
    "add chain early { type filter hook forward priority -10 ; }",
    FORWARD,
    "add rule early accept",
    "add rule forward drop",
  ];
  assert.equal(follow(statements, FROM_POD).verdict, "drop");
});

Deno.test("Tables of the other family are not entered", () => {
  const script = "add table ip6 t\n" +
    "add chain ip6 t forward { type filter hook forward priority 0 ; }\n" +
    "add rule ip6 t forward drop";
  const ruleset = runScript(EMPTY_RULESET, script);
  assert.equal(evaluate(ruleset, FROM_POD, NODE).verdict, "untouched");
  const ipv6 = { ...FROM_POD, source: "fd00::1", destination: "fd00::2" };
  assert.equal(evaluate(ruleset, ipv6, NODE).verdict, "drop");
});

const TRANSLATION = [
  "add map here { typeof ip daddr : ip daddr . tcp dport ; }",
  "add element here { 192.0.2.10 : 192.0.2.10 . 81, 10.96.0.10 : 192.0.2.10 . 81 }",
  "add chain output { type nat hook output priority -100 ; }",
  "add chain prerouting { type nat hook prerouting priority -100 ; }",
  "add rule output dnat ip to ip daddr map @here",
];

Deno.test("What the node sends to itself is translated once, on its way out", () => {
  const statements = [
    ...TRANSLATION,
    "add map again { typeof ip daddr : ip daddr . tcp dport ; }",
    "add element again { 192.0.2.10 : 192.0.2.10 . 82 }",
    "add rule prerouting dnat ip to ip daddr map @again",
  ];
  const { verdict, paths } = follow(statements, TO_ITSELF);
  assert.deepEqual([verdict, paths[0]?.port], ["translated", 81]);
});

Deno.test("Translation takes place once in a hook, by the first chain that translates", () => {
  const statements = [
    ...TRANSLATION,
    "add chain late { type nat hook prerouting priority 0 ; }",
    "add rule late dnat ip to ip daddr map @here",
    "add map first { typeof ip daddr : ip daddr . tcp dport ; }",
    "add element first { 10.96.0.10 : 10.244.1.6 . 8080 }",
    "add rule prerouting dnat ip to ip daddr map @first",
  ];
  assert.equal(follow(statements, FROM_POD).paths[0]?.destination, "10.244.1.6");
});

Deno.test("What the node sends to itself passes filters in both directions, in the second from lo", () => {
  const statements = [
    "add chain input { type filter hook input priority 0 ; }",
    'add rule input iifname "lo" reject',
  ];
  assert.equal(follow(statements, TO_ITSELF).verdict, "reject");
  const other = { ...TO_ITSELF, destination: "192.0.2.99" };
  assert.equal(follow(statements, other).verdict, "untouched");
});

Deno.test("A packet that is translated to the node itself goes to input, not to forward", () => {
  const statements = [
    ...TRANSLATION,
    "add rule prerouting dnat ip to ip daddr map @here",
    FORWARD,
    "add chain input { type filter hook input priority 0 ; }",
    "add rule forward drop",
    "add rule input reject",
  ];
  assert.equal(follow(statements, FROM_POD).verdict, "reject");
});

Deno.test("A slot that is missing is a path of its own, and makes the verdict mixed", () => {
  const statements = [
    "add map slots { typeof ip daddr . numgen random mod 65536 : ip daddr . tcp dport ; }",
    "add element slots { 10.96.0.10 . 1 : 10.244.1.6 . 8080 }",
    "add chain prerouting { type nat hook prerouting priority -100 ; }",
    "add rule prerouting dnat ip to ip daddr . numgen random mod 2 map @slots",
  ];
  const { verdict, paths } = follow(statements, FROM_POD);
  assert.equal(verdict, "mixed");
  assert.deepEqual(paths.map((path) => [path.verdict, path.probability]), [
    ["untouched", 0.5],
    ["translated", 0.5],
  ]);
});

Deno.test("Choices that follow each other are combined, and their probabilities multiplied", () => {
  const statements = [
    FORWARD,
    "add set pairs { typeof numgen random mod 65536 . numgen random mod 65536 ; }",
    "add element pairs { 1 . 2 }",
    "add rule forward numgen random mod 2 . numgen random mod 3 @pairs drop",
  ];
  const { verdict, paths } = follow(statements, FROM_POD);
  assert.equal(verdict, "mixed");
  assert.equal(paths.length, 6);
  const dropped = paths.filter((path) => path.verdict === "drop");
  assert.deepEqual(dropped.map(({ probability }) => probability), [1 / 6]);
});

Deno.test("Chains that lead back to themselves are an error, not an endless walk", () => {
  const statements = [
    ...CHAINS,
    "add rule forward jump a",
    "add rule a jump b",
    "add rule b jump a",
  ];
  assert.throws(() => follow(statements, FROM_POD), /Cannot follow the rules: "[ab]" is too deep/);
});
