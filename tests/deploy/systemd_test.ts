import assert from "node:assert/strict";
import { runProcess } from "../../backends/process.ts";
import { projectPath } from "../support/weir_process.ts";

const UNIT = projectPath("deploy/systemd/weir.service");

const ignore = !await isInstalled("systemd-analyze");
const LEFT_OUT = ignore ? " (left out: systemd-analyze is not installed)" : "";

Deno.test({
  name: `systemd accepts the unit, and finds little exposed${LEFT_OUT}`,
  ignore,
  async fn() {
    const dir = await Deno.makeTempDir({ prefix: "weir-systemd-" });
    try {
      // The program need not be here.
      const unit = (await Deno.readTextFile(UNIT)).replaceAll("/usr/local/bin/weir", "/bin/true");
      const path = `${dir}/weir.service`;
      await Deno.writeTextFile(path, unit);
      const options = { timeoutMs: 30_000 };
      const verified = await runProcess("systemd-analyze", ["verify", "--man=no", path], options);
      assert.doesNotMatch(verified.stderr, /weir\.service:\d+:/);
      assert.equal(verified.code, 0, verified.stderr);
      const security = ["security", "--offline=yes", "--threshold=25", path];
      const { code, stdout } = await runProcess("systemd-analyze", security, options);
      assert.equal(code, 0, stdout);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});

Deno.test("The unit gives weir one capability", async () => {
  const unit = await Deno.readTextFile(UNIT);
  const sets = [...unit.matchAll(/^(?:CapabilityBoundingSet|AmbientCapabilities)=(.*)$/gm)];
  assert.deepEqual(sets.map(([, names]) => names), ["CAP_NET_ADMIN"]);
});

async function isInstalled(program: string): Promise<boolean> {
  try {
    return (await runProcess(program, ["--version"], { timeoutMs: 10_000 })).code === 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) {
      return false;
    }
    throw error;
  }
}
