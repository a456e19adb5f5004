import assert from "node:assert/strict";
import { checkNftables, nftVersion } from "../../../backends/nftables/check.ts";
import type { RunProcess } from "../../../backends/process.ts";

const notInstalled: RunProcess = () => Promise.reject(new Deno.errors.NotFound("nft"));

Deno.test("A machine without nft lacks just that", async () => {
  assert.deepEqual(await checkNftables("IPv4", { run: notInstalled }), [
    { what: 'the program "nft"', remedy: "install nftables 1.0.1 or newer" },
  ]);
  assert.equal(await nftVersion({ run: notInstalled }), undefined);
});

Deno.test("An nft that gives no answer is asked once", async () => {
  let asked = 0;
  const hanging: RunProcess = () => {
    asked++;
    return Promise.resolve({ code: 137, stdout: "", stderr: "", timedOut: true });
  };
  const [lack] = await checkNftables("IPv4", { run: hanging });
  assert.match(lack?.remedy ?? "", /nft gave no answer within 30 s/);
  assert.equal(asked, 1);
});

Deno.test("An nft that may not be run is an error, not a lack", async () => {
  const forbidden: RunProcess = () => Promise.reject(new Deno.errors.NotCapable("--allow-run"));
  await assert.rejects(checkNftables("IPv4", { run: forbidden }), Deno.errors.NotCapable);
});

Deno.test("nftVersion() reads the version of every nft", async () => {
  const table = [
    { given: "nftables v1.0.6 (Lester Gooch #5)\n", want: "1.0.6" },
    { given: "nftables v1.1.3 (Commodore Bullmoose #4)\n", want: "1.1.3" },
    { given: "", want: undefined },
  ];
  for (const { given, want } of table) {
    const run: RunProcess = () =>
      Promise.resolve({ code: 0, stdout: given, stderr: "", timedOut: false });
    assert.equal(await nftVersion({ run }), want, given);
  }
});
