import assert from "node:assert/strict";
import { nftFailure } from "../../../backends/nftables/nft_error.ts";

const CASES = [
  {
    name: "the line and the reason are found",
    stderr: `/dev/stdin:5:1-20: Error: Could not process rule: No such file or directory
add element ip weir x { 1.2.3.4 }
^^^^^^^^^^^^^^^^^^^^
`,
    want:
      `Cannot apply: nft says "Could not process rule: No such file or directory" at line 5: "add element ip weir x { 1.2.3.4 }"`,
  },
  {
    name: "a message without a place is given as it is",
    stderr: "netlink: Error: cache initialization failed: Operation not permitted\n",
    want:
      `Cannot apply: nft says "netlink: Error: cache initialization failed: Operation not permitted"`,
  },
  {
    name: "nft that says nothing",
    stderr: "",
    want: `Cannot apply: nft says "nothing, exit code 1"`,
  },
];

for (const { name, stderr, want } of CASES) {
  Deno.test(`Errors of nft: ${name}`, () => {
    const error = nftFailure("apply", { code: 1, stdout: "", stderr, timedOut: false }, 1_000);
    assert.equal(error.message, want);
    assert.equal(error.stderr, stderr);
  });
}

Deno.test("Errors of nft: a killed nft is called so", () => {
  const result = { code: 137, stdout: "", stderr: "", timedOut: true };
  assert.match(nftFailure("apply", result, 30_000).message, /no answer within 30 s and was killed/);
});

const ENDS = [
  { code: 137, want: "Cannot apply: nft was ended by signal 9, as happens when memory runs out" },
  { code: 139, want: "Cannot apply: nft was ended by signal 11" },
  { code: 127, want: 'Cannot apply: nft says "nothing, exit code 127"' },
];
for (const { code, want } of ENDS) {
  Deno.test(`Errors of nft: exit code ${code} and no word`, () => {
    const result = { code, stdout: "", stderr: "", timedOut: false };
    assert.equal(nftFailure("apply", result, 1_000).message, want);
  });
}

Deno.test("Errors of nft: a line of 100 kB is shortened in the message", () => {
  const line = "x".repeat(100_000);
  const stderr = `/dev/stdin:1:1-5: Error: syntax error\n${line}\n^^^\n`;
  const error = nftFailure("apply", { code: 1, stdout: "", stderr, timedOut: false }, 1_000);
  assert.ok(error.message.length < 400);
  assert.equal(error.line, line);
});
