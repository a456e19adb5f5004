import assert from "node:assert/strict";
import { runProcess } from "../../backends/process.ts";
import { configText } from "../config/config_text.ts";
import { flushRules, kernelTest } from "../support/kernel.ts";
import { projectPath, WeirProcess } from "../support/weir_process.ts";

const NF = "net.netfilter.nf_conntrack_";

/** Returns the values of parameters of the kernel's connection tracking. */
async function values(...names: readonly string[]): Promise<readonly string[]> {
  const args = ["-n", ...names.map((name) => `${NF}${name}`)];
  const { stdout } = await runProcess("sysctl", args, { timeoutMs: 10_000 });
  return stdout.trim().split("\n");
}

async function withConfig(fields: string, run: (file: string) => Promise<void>): Promise<void> {
  const file = await Deno.makeTempFile({ prefix: "weir-config-" });
  try {
    await Deno.writeTextFile(file, configText(fields));
    await run(file);
  } finally {
    await Deno.remove(file);
  }
}

const EXAMPLES = ["--manifests", projectPath("examples")];

kernelTest("Connection tracking is as configured soon after the rules are in force", async () => {
  await flushRules();
  const fields = `mode: nftables
conntrack:
  maxPerCore: 0
  tcpEstablishedTimeout: 2h
  tcpCloseWaitTimeout: 0s
  tcpBeLiberal: true
  udpTimeout: 31s
  udpStreamTimeout: 121500ms`;
  await withConfig(fields, async (file) => {
    const [untouched] = await values("tcp_timeout_close_wait");
    await using weir = new WeirProcess(["--config", file, ...EXAMPLES]);
    await weir.logged(/Set kernel parameters/);
    assert.deepEqual(
      await values(
        "tcp_timeout_established",
        "tcp_be_liberal",
        "udp_timeout",
        "udp_timeout_stream",
      ),
      ["7200", "1", "31", "121"],
    );
    assert.deepEqual(await values("tcp_timeout_close_wait"), [untouched]);
    assert.doesNotMatch(weir.log, /Cannot set kernel/);
    assert.equal(await weir.end(), 0);
  });
});

kernelTest("--init-only sets them too, makes no table, and ends", async () => {
  await flushRules();
  const fields = "mode: nftables\nconntrack: {maxPerCore: 0, udpTimeout: 32s}";
  await withConfig(fields, async (file) => {
    await using weir = new WeirProcess(["--config", file, "--init-only"]);
    assert.equal(await weir.ended(), 0, weir.log);
    assert.deepEqual(await values("udp_timeout"), ["32"]);
    const { stdout } = await runProcess("nft", ["list", "ruleset"], { timeoutMs: 10_000 });
    assert.equal(stdout, "");
  });
});

kernelTest("A read-only /proc/sys is one warning: rules come into force all the same", async () => {
  await flushRules();
  const readOnly = 'mount --bind -o ro /proc/sys /proc/sys && exec "$0" "$@"';
  const command = (program: string, args: readonly string[]): [string, ...string[]] => [
    "unshare",
    ...["--mount", "sh", "-c", readOnly, program, ...args],
  ];
  const fields = "mode: nftables\nconntrack: {udpTimeout: 33s, udpStreamTimeout: 133s}";
  await withConfig(fields, async (file) => {
    await using weir = new WeirProcess(["--config", file, ...EXAMPLES], { command });
    await weir.logged(/Synced family=IPv4/);
    await weir.logged(/WARN .*Cannot set kernel parameters: run "weir --init-only" with the right/);
    assert.match(weir.log, /nf_conntrack_udp_timeout is \d+, not 33/);
    assert.match(weir.log, /reason=.*(read-only|permission)/i);
    assert.equal((await fetch("http://127.0.0.1:10256/livez").then(discarded)).status, 200);
    assert.equal(await weir.end(), 0);
    await using first = new WeirProcess(["--config", file, "--init-only"], { command });
    assert.equal(await first.ended(), 0, first.log);
    assert.match(first.log, /Cannot set kernel parameters/);
  });
});

async function discarded(response: Response): Promise<Response> {
  await response.body?.cancel();
  return response;
}
