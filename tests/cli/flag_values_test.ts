import assert from "node:assert/strict";
import { flagValues } from "../../cli/flag_values.ts";
import { readFlags } from "../../config/apply_flags.ts";

/** What a flag is given, and what `/flagz` says of it. That the defaults are kube-proxy's is tested against the real one. */
const cases: { name: string; given: string[]; want: string }[] = [
  { name: "config-sync-period", given: ["90s"], want: "1m30s" },
  { name: "masquerade-all", given: ["T"], want: "true" },
  { name: "v", given: ["4"], want: "4" },
  { name: "nodeport-addresses", given: ["10.0.0.0/8", "fd00::/8"], want: "[10.0.0.0/8,fd00::/8]" },
  { name: "feature-gates", given: ["B=true,A=0"], want: "A=false,B=true" },
  { name: "vmodule", given: ["watch*=4,sync=2"], want: "watch*=4,sync=2" },
  { name: "healthz-bind-address", given: ["127.0.0.1"], want: "127.0.0.1" },
];

for (const { name, given, want } of cases) {
  Deno.test(`flagValues() writes --${name}=${given.join(" ")} as ${want}`, () => {
    assert.equal(flagValues(readFlags(new Map([[name, given]])))[name], want);
  });
}

Deno.test("flagValues() has a default for every flag that is not given", () => {
  const values = flagValues(new Map());
  assert.equal(values["conntrack-min"], "131072");
  assert.equal(values["metrics-bind-address"], "127.0.0.1:10249");
  assert.equal(Object.values(values).every((value) => typeof value === "string"), true);
});
