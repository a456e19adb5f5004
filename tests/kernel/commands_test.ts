import assert from "node:assert/strict";
import { flushRules, kernelTest, nft, nftWith } from "../support/kernel.ts";
import { projectPath, WeirProcess } from "../support/weir_process.ts";

const EXAMPLES = projectPath("examples");

kernelTest("render prints a script for the examples that nft accepts", async () => {
  await flushRules();
  await using weir = new WeirProcess(["render", "--manifests", EXAMPLES]);
  assert.equal(await weir.ended(), 0, weir.log);
  await nftWith([weir.output], "-c", "-f", "-");
  assert.match(weir.output, /10\.96\.0\.10 \. 80 \. 1 : 10\.244\.2\.6 \. 8080/);
  assert.equal(await nft("list", "ruleset"), "", "nothing was applied");
});

kernelTest("--dry-run prints what it would apply and changes nothing", async () => {
  await flushRules();
  await using weir = new WeirProcess([
    "--manifests",
    EXAMPLES,
    "--dry-run",
    "--healthz-bind-address=127.0.0.1:11256",
    "--metrics-bind-address=127.0.0.1:11249",
  ]);
  await weir.logged(/Synced family=IPv4/);
  assert.equal(await weir.end("SIGINT"), 0);
  assert.match(weir.output, /^# weir dry run: IPv[46], transaction 1, /m);
  assert.match(weir.output, /10\.96\.0\.10 \. 80 \. 1 : 10\.244\.2\.6 \. 8080/);
  assert.equal(await nft("list", "ruleset"), "", "nothing was applied");
});

kernelTest(
  "The daemon follows a folder of manifests, and --cleanup takes its tables away",
  async () => {
    await flushRules();
    const folder = await Deno.makeTempDir({ prefix: "weir-manifests-" });
    try {
      await Deno.copyFile(`${EXAMPLES}/my-svc.yaml`, `${folder}/my-svc.yaml`);
      await using weir = new WeirProcess(["--manifests", folder]);
      await weir.logged(/Synced family=IPv4/);
      assert.match(await nft("list", "map", "ip", "weir", "tcp-endpoints"), /10\.244\.2\.6/);
      const text = await Deno.readTextFile(`${folder}/my-svc.yaml`);
      await Deno.writeTextFile(`${folder}/my-svc.yaml`, text.replace("10.244.2.6", "10.244.2.7"));
      const changed = async () =>
        (await nft("list", "map", "ip", "weir", "tcp-endpoints")).includes("10.244.2.7");
      await weir.until(changed, "the changed file");
      assert.equal((await fetch("http://127.0.0.1:10256/livez").then(read)).status, 200);
      assert.match(
        (await fetch("http://127.0.0.1:10249/metrics").then(read)).text,
        /kubeproxy_sync_/,
      );
      assert.equal(await weir.end("SIGTERM"), 0);
      assert.match(await nft("list", "tables"), /table ip weir/);
      await nft("add", "table", "ip", "foreign");
      await using cleanup = new WeirProcess(["--cleanup"]);
      assert.equal(await cleanup.ended(), 0, cleanup.log);
      assert.equal((await nft("list", "tables")).trim(), "table ip foreign");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

async function read(response: Response): Promise<{ status: number; text: string }> {
  return { status: response.status, text: await response.text() };
}

const REFUSED = [
  { name: "an unknown flag", args: ["--kubeconfg=x"], says: /Did you mean .*--kubeconfig/i },
  { name: "an unknown command", args: ["rendr"], says: /Did you mean .*render/i },
  { name: "render without objects", args: ["render"], says: /add --manifests DIR/ },
  {
    name: "a folder that is not there",
    args: ["render", "--manifests", "/none"],
    says: /"\/none"/,
  },
  {
    name: "bad values, all of them at once",
    args: ["--oom-score-adj=2000", "--proxy-mode=magic"],
    says: /mode[\s\S]*oomScoreAdj/,
  },
] as const;

for (const { name, args, says } of REFUSED) {
  kernelTest(`The command line refuses ${name} with exit code 1`, async () => {
    await using weir = new WeirProcess(args);
    assert.equal(await weir.ended(), 1);
    assert.match(weir.log, says);
    assert.equal(weir.output, "");
  });
}
