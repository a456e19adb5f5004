import assert from "node:assert/strict";
import { parseLine } from "./protocol.ts";
import { BEGIN, END, isGood, renderResults, replaceGenerated, summary } from "./report.ts";
import { fileResult, parseCases, type Result } from "./results.ts";

const JUNIT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="3" failures="1" errors="0" time="0.1">
    <testsuite name="./x_test.ts" tests="3" disabled="1" errors="0" failures="1">
        <testcase name="good" classname="./x_test.ts" time="0.1" line="1" col="6">
        </testcase>
        <testcase name="a Service&apos;s &lt;port&gt;" classname="./x_test.ts" time="0.1" line="1" col="6">
            <failure message="Uncaught AssertionError: 1 &amp; 2">AssertionError at …</failure>
        </testcase>
        <testcase name="absent" classname="./x_test.ts" time="0.000" line="3" col="8">
            <skipped/>
        </testcase>
    </testsuite>
</testsuites>`;

const CASES = [
  { name: "a Service's <port>", failure: "Uncaught AssertionError: 1 & 2" },
  { name: "absent" },
];

const GOOD: Result = {
  series: "6.1",
  kernel: "6.1.192-2",
  programs: { nftables: "1.0.6-2+deb12u2", iptables: "1.8.9-2" },
  deno: "2.9.6",
  date: "2026-11-21",
  complete: true,
  files: [{ file: "x_test.ts", passed: 7, failed: 0, skipped: 0, cases: [] }],
};

const BAD: Result = {
  ...GOOD,
  programs: { nftables: "1.1.3-1", iptables: "1.8.11-2" },
  files: [{ file: "x_test.ts", passed: 1, failed: 1, skipped: 1, cases: CASES }],
};

Deno.test("What did not pass is read from a JUnit report", () => {
  assert.deepEqual(parseCases(JUNIT), CASES);
  assert.deepEqual(parseCases(""), []);
});

Deno.test("A file that ends badly counts as a failure, whatever its report says", () => {
  const line = { kind: "file", file: "x_test.ts", said: "" } as const;
  const totals = { file: "x_test.ts", passed: 1, failed: 1, skipped: 1 };
  assert.deepEqual(fileResult({ ...line, code: 1, junit: JUNIT }), { ...totals, cases: CASES });
  const crash = { name: "x_test.ts", failure: "ended with exit code 137" };
  assert.deepEqual(fileResult({ ...line, code: 137, junit: "" }), {
    ...{ ...totals, passed: 0, skipped: 0 },
    cases: [crash],
  });
});

Deno.test("A machine is good when all tests ran and none failed", () => {
  assert.equal(isGood(GOOD), true);
  assert.equal(isGood(BAD), false);
  assert.equal(isGood({ ...GOOD, complete: false }), false);
  assert.equal(isGood({ ...GOOD, files: [] }), false);
  assert.equal(summary(BAD), "1 passed, 1 failed, 1 skipped");
  assert.match(summary({ ...GOOD, complete: false }), /7 passed, .* did not come to its end/);
});

Deno.test("Results are a table, with what failed and was skipped, and where if not everywhere", () => {
  const text = renderResults([GOOD, BAD]);
  assert.match(
    text,
    /^\| 6\.1\.192-2 \| 1\.0\.6-2\+deb12u2 \| 1\.8\.9-2 {2}\| 7 {6}\| 0 {6}\| 0 {7}\| 2026-11-21 \|$/m,
  );
  assert.match(text, /^Failed:\n\n- a Service's <port>: 6\.1\.192-2 with 1\.1\.3-1$/m);
  assert.match(text, /^Skipped:\n\n- absent: 6\.1\.192-2 with 1\.1\.3-1$/m);
  assert.doesNotMatch(renderResults([GOOD]), /Failed|Skipped/);
  assert.match(renderResults([BAD]), /^- absent$/m);
});

Deno.test("Only the generated part of the document is replaced", () => {
  const document = `# Title\n\n${BEGIN}\nold\n${END}\n\nmore\n`;
  const once = replaceGenerated(document, [GOOD]);
  assert.match(once, /^# Title\n\n<!--[^\n]*\n\n\| Linux [^]*\n\n<!-- to here -->\n\nmore\n$/);
  assert.doesNotMatch(once, /old/);
  assert.equal(replaceGenerated(once, [GOOD]), once);
  assert.throws(() => replaceGenerated("# Title\n", [GOOD]), /Cannot write the results/);
});

Deno.test("Lines of a machine that are no report of its are passed over", () => {
  assert.deepEqual(parseLine('{"kind":"end"}\r'), { kind: "end" });
  for (const text of ["", "[ 1.0] reboot: Restarting", "null", '{"kind":"else"}']) {
    assert.equal(parseLine(text), undefined, text);
  }
});
