import assert from "node:assert/strict";
import { advance } from "../../model/advance.ts";
import { emptyState, frontends } from "../../model/desired_state.ts";
import { servicePortsOf } from "../../model/service_port.ts";
import { isExternallyAccessible } from "../../model/selection.ts";
import { service, settings, slice, snapshotOf } from "../support/objects.ts";

const WEB = service("web", { externalIPs: ["198.51.100.1"] });

Deno.test("External IPs are offered or not, and the switch takes effect without any change of a Service", () => {
  const snapshot = snapshotOf(WEB, slice("web", ["10.244.1.5"]));
  let state = emptyState("IPv4", settings());
  for (const offersExternalIPs of [true, false, true]) {
    const change = {
      snapshot,
      settings: settings({ offersExternalIPs }),
      services: new Set(["default/web"]),
    };
    state =
      advance(state, offersExternalIPs ? change : { ...change, services: new Set<string>() }).next;
    const kinds = [...frontends(state)].map(({ kind }) => kind);
    assert.deepEqual(kinds.includes("ExternalIP"), offersExternalIPs);
    assert.ok(kinds.includes("ClusterIP"));
  }
});

Deno.test("A Service with external IPs that are not offered is externally accessible all the same", () => {
  const [port] = servicePortsOf(WEB, "IPv4", []);
  assert.equal(port && isExternallyAccessible(port), true);
});
