import assert from "node:assert/strict";
import { featureGate, isEnabled } from "../../config/feature_gates.ts";

Deno.test("featureGate() knows the gates of the reference, their defaults and locks", () => {
  const table: [string, string, boolean, boolean][] = [
    ["AllowServiceExternalIPs", "GA", true, false],
    ["MultiCIDRServiceAllocator", "GA", true, true],
    ["PreferSameTrafficDistribution", "GA", true, true],
    ["ComponentFlagz", "BETA", true, false],
    ["NativeHistograms", "ALPHA", false, false],
    ["LoggingAlphaOptions", "ALPHA", false, false],
    ["ContextualLogging", "BETA", true, false],
  ];
  for (const [name, stage, byDefault, locked] of table) {
    assert.deepEqual(featureGate(name), { stage, byDefault, locked }, name);
  }
});

Deno.test("featureGate() does not know other names", () => {
  for (const name of ["", "Foo", "allowserviceexternalips", "toString", "__proto__"]) {
    assert.equal(featureGate(name), undefined, name);
  }
});

Deno.test("isEnabled() prefers what the configuration sets to the default", () => {
  assert.equal(isEnabled("AllowServiceExternalIPs", {}), true);
  assert.equal(isEnabled("AllowServiceExternalIPs", { AllowServiceExternalIPs: false }), false);
  assert.equal(isEnabled("NativeHistograms", {}), false);
  assert.equal(isEnabled("NativeHistograms", { NativeHistograms: true }), true);
  assert.equal(isEnabled("toString", {}), false);
});
