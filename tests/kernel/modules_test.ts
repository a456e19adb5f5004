import assert from "node:assert/strict";
import { checkNftables } from "../../backends/nftables/check.ts";
import { runProcess } from "../../backends/process.ts";
import { flushRules } from "../support/kernel.ts";
import { kernelTestWith } from "../support/kernel_needs.ts";

/** What weir says where a kernel has no such module, in IPv4. */
const LACKS: Readonly<Record<string, string>> = {
  nft_numgen: "random choice of an endpoint (numgen): enable CONFIG_NFT_NUMGEN",
  nft_masq: "masquerading (masquerade): enable CONFIG_NFT_MASQ",
  nft_nat: "translation of addresses: enable CONFIG_NFT_NAT",
  nft_fib_ipv4: "telling local addresses (fib): enable CONFIG_NFT_FIB_IPV4",
  nft_reject_ipv4: "refusal of connections (reject): enable CONFIG_NFT_REJECT_IPV4",
  nft_ct: "tracking of connections (ct): enable CONFIG_NFT_CT",
};

await kernelTestWith(
  ["a machine of its own"],
  "A kernel without a module is told which option brings it, and nothing is missing once it is there",
  async () => {
    await flushRules();
    assert.deepEqual(await checkNftables("IPv4"), []);
    for (const [module, want] of Object.entries(LACKS)) {
      const lacks = await without(module, () => checkNftables("IPv4"));
      assert.deepEqual(lacks.map(({ what, remedy }) => `${what}: ${remedy}`), [want]);
    }
    assert.deepEqual(await checkNftables("IPv4"), []);
  },
);

/** Runs `run` while the kernel has not got a module, and cannot load any. */
async function without<T>(module: string, run: () => Promise<T>): Promise<T> {
  const loader = (await output("sysctl", ["-n", "kernel.modprobe"])).trim();
  const loadBy = (program: string) => output("sysctl", ["-w", `kernel.modprobe=${program}`]);
  await output("modprobe", ["--remove", module]);
  await loadBy("/usr/bin/false");
  try {
    return await run();
  } finally {
    await loadBy(loader);
    await output("modprobe", [module]);
  }
}

async function output(program: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runProcess(program, args, { timeoutMs: 30_000 });
  assert.equal(code, 0, `${program} ${args.join(" ")}: ${stderr}`);
  return stdout;
}
