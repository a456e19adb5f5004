import assert from "node:assert/strict";
import { versionLine, versionReport } from "../../cli/version.ts";

Deno.test("The version line names weir's version and the kube-proxy that it stands in for", () => {
  assert.match(versionLine(), /^weir v\d+\.\d+\.\d+ \(compatible with kube-proxy v1\.36\.3\)$/);
});

Deno.test("The version report adds what weir runs on", () => {
  const report = versionReport({ deno: "2.9.6", v8: "15.0" });
  assert.deepEqual(report.split("\n"), [versionLine(), "deno 2.9.6", "v8 15.0"]);
  assert.match(versionReport(), /\ndeno \d/);
});
