import assert from "node:assert/strict";
import { spawnedLookup } from "../../../backends/nftables/kernel_lookup.ts";
import { NftError } from "../../../backends/nftables/nft_error.ts";
import type { ProcessResult } from "../../../backends/process.ts";

const ELEMENTS = [
  { map: "service-ips", key: "10.96.0.10 . tcp . 80", rest: " : goto tcp-lb-1" },
  { map: "tcp-endpoints", key: "10.96.0.10 . 80 . 0", rest: " : 10.244.1.5 . 8080" },
];

/** Returns a lookup whose nft answers as given, and the scripts that it was given. */
function scripted(...results: Partial<ProcessResult>[]) {
  const scripts: string[] = [];
  const lookUp = spawnedLookup((_program, args, { stdin }) => {
    assert.deepEqual(args, ["--check", "-f", "-"], "nothing may change");
    scripts.push([...stdin ?? []].join(""));
    const result = results.shift() ?? {};
    return Promise.resolve({ code: 0, stdout: "", stderr: "", timedOut: false, ...result });
  });
  return { scripts, lookUp };
}

Deno.test("A look into the kernel asks whether elements can be deleted, and added over what is there", async () => {
  const { scripts, lookUp } = scripted();
  const found = await lookUp("IPv4", ELEMENTS);
  assert.deepEqual(found, { missing: [], different: [], isTableGone: false });
  assert.deepEqual(scripts, [
    "delete element ip weir service-ips { 10.96.0.10 . tcp . 80 }\n" +
    "delete element ip weir tcp-endpoints { 10.96.0.10 . 80 . 0 }\n",
    "add table ip weir\n" +
    "add element ip weir service-ips { 10.96.0.10 . tcp . 80 : goto tcp-lb-1 }\n" +
    "add table ip weir\n" +
    "add element ip weir tcp-endpoints { 10.96.0.10 . 80 . 0 : 10.244.1.5 . 8080 }\n",
  ]);
});

Deno.test("Nothing is asked about nothing", async () => {
  const { scripts, lookUp } = scripted();
  assert.equal((await lookUp("IPv6", [])).isTableGone, false);
  assert.deepEqual(scripts, []);
});

const REFUSALS: readonly { name: string; result: Partial<ProcessResult>; want: RegExp }[] = [
  {
    name: "the right to ask is missing",
    result: { code: 1, stderr: "Operation not permitted (you must be root)\n" },
    want: /Cannot look into the kernel: nft says "Operation not permitted/,
  },
  {
    name: "nft complains of anything else",
    result: { code: 1, stderr: "/dev/stdin:1:1-5: Error: syntax error\nx\n^\n" },
    want: /syntax error/,
  },
  { name: "nft does not answer", result: { code: 137, timedOut: true }, want: /no answer within/ },
];

for (const { name, result, want } of REFUSALS) {
  Deno.test(`A look into the kernel fails when ${name}`, async () => {
    const error = await scripted(result).lookUp("IPv4", ELEMENTS).catch((error) => error);
    assert.ok(error instanceof NftError);
    assert.match(error.message, want);
  });
}

Deno.test("A look into the kernel fails when there is no nft", async () => {
  const lookUp = spawnedLookup(() => Promise.reject(new Deno.errors.NotFound()));
  await assert.rejects(lookUp("IPv4", ELEMENTS), /"nft" cannot be run/);
});
