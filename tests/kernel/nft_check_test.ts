import assert from "node:assert/strict";
import { checkNftables, nftVersion } from "../../backends/nftables/check.ts";
import { type RunProcess, runProcess } from "../../backends/process.ts";
import { FAMILIES } from "../../model/family.ts";
import { flushRules, kernelTest, nft, nftWith } from "../support/kernel.ts";
import { projectPath, WeirProcess } from "../support/weir_process.ts";

/** A kernel and an nft without what `word` stands for: whatever has it is refused by the real ones. */
function lacking(word: string): RunProcess {
  return (command, args, options) => {
    const stdin = [...options.stdin ?? []];
    if (stdin.join("").includes(word)) stdin.push("add rule ip none none accept\n");
    return runProcess(command, args, { ...options, stdin });
  };
}

/** nft in a user namespace of its own, which has no rights in the network namespace. */
const withoutRights: RunProcess = (command, args, options) =>
  runProcess("unshare", ["--user", command, ...args], options);

kernelTest("This kernel takes all of weir's rules, and is left as it was", async () => {
  await flushRules();
  for (const family of FAMILIES) assert.deepEqual(await checkNftables(family), []);
  assert.equal(await nft("list", "ruleset"), "");
  assert.match(await nftVersion() ?? "", /^\d+\.\d+/);
});

kernelTest("A table of weir's with another schema does not matter to the check", async () => {
  await flushRules();
  await nftWith(["add table ip weir\nadd set ip weir hairpin { typeof tcp dport ; }\n"], "-f", "-");
  const before = await nft("list", "ruleset");
  assert.deepEqual(await checkNftables("IPv4"), []);
  assert.equal(await nft("list", "ruleset"), before);
  await flushRules();
});

kernelTest("What a kernel lacks is named, with what brings it", async () => {
  const table: { word: string; want: readonly string[] }[] = [
    { word: "add table", want: ["tables of rules: enable CONFIG_NF_TABLES and CONFIG_NF_TABLES_"] },
    { word: "flags interval", want: ["sets of ranges in several fields: run Linux 5.6 or newer"] },
    {
      word: "type nat",
      want: [
        "translation of addresses: enable CONFIG_NFT_NAT",
        "masquerading (masquerade): enable CONFIG_NFT_MASQ",
      ],
    },
    { word: "fully-random", want: ["masquerading (masquerade): enable CONFIG_NFT_MASQ"] },
    {
      word: "numgen",
      want: ["random choice of an endpoint (numgen): enable CONFIG_NFT_NUMGEN"],
    },
    { word: "fib ", want: ["telling local addresses (fib): enable CONFIG_NFT_FIB_"] },
    { word: "reject\n", want: ["refusal of connections (reject): enable CONFIG_NFT_REJECT_"] },
    { word: "ct state", want: ["tracking of connections (ct): enable CONFIG_NFT_CT"] },
  ];
  for (const family of FAMILIES) {
    for (const { word, want } of table) {
      const lacks = await checkNftables(family, { run: lacking(word) });
      const texts = lacks.map(({ what, remedy }) => `${what}: ${remedy}`);
      const whole = want.map((text) => text.endsWith("_") ? text + family.toUpperCase() : text);
      assert.deepEqual(texts, whole, word);
    }
  }
});

kernelTest("Where no feature is to blame, nft's own words say what is wrong", async () => {
  const [lack, ...others] = await checkNftables("IPv4", { run: lacking("update @affinity") });
  assert.deepEqual(others, []);
  assert.match(lack?.remedy ?? "", /nft says "[^"]*No such file or directory[^"]*" at line \d+/);
});

kernelTest("Without the right to change rules, that is what is missing", async () => {
  assert.deepEqual(await checkNftables("IPv6", { run: withoutRights }), [
    { what: "the right to change rules", remedy: "grant the capability CAP_NET_ADMIN" },
  ]);
});

kernelTest("--init-only says what it found, makes no table and ends", async () => {
  await flushRules();
  await using weir = new WeirProcess(["--init-only", "--proxy-mode=nftables"]);
  assert.equal(await weir.ended(), 0, weir.log);
  assert.match(weir.log, /nftables takes all of weir's rules family=IPv4 nft=\d/);
  assert.equal(await nft("list", "ruleset"), "");
});

kernelTest("A start whose first rules are refused names what this machine lacks", async () => {
  await flushRules();
  const powerless = 'exec setpriv --bounding-set=-net_admin "$0" "$@"';
  const command = (program: string, args: readonly string[]): [string, ...string[]] => [
    "sh",
    ...["-c", powerless, program, ...args],
  ];
  await using weir = new WeirProcess(["--manifests", projectPath("examples")], { command });
  for (const family of ["IPv4", "IPv6"]) {
    await weir.logged(
      `This machine lacks the right to change rules: grant the capability CAP_NET_ADMIN family=${family}`,
    );
  }
  assert.equal(await weir.end(), 0);
});
