import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { defaultConfiguration } from "../../config/configuration.ts";
import { effectiveSettings } from "../../config/effective.ts";
import { currentSettings } from "../../daemon/current_settings.ts";
import { LocalAddresses } from "../../daemon/local_addresses.ts";
import { OwnNode } from "../../daemon/own_node.ts";
import { Store } from "../../watch/store.ts";
import { node, service, serviceCIDR, slice } from "../support/objects.ts";

function setUp() {
  const store = new Store();
  const addresses = [{ address: "192.0.2.1" }];
  const localAddresses = new LocalAddresses(() => addresses);
  const own = new OwnNode({
    store,
    name: "node-1",
    bindAddress: "0.0.0.0",
    log: getLogger("test"),
  });
  store.replace("Node", [node({ name: "node-1" })]);
  const config = effectiveSettings(defaultConfiguration());
  const settings = currentSettings("IPv4", { config, node: own, localAddresses });
  return { store, addresses, localAddresses, settings: () => settings(store.snapshot) };
}

Deno.test("Settings stay the same object while only Services and endpoints change", () => {
  const { store, settings } = setUp();
  const before = settings();
  store.upsert(service("web"));
  store.upsert(slice("web", ["10.244.1.5"]));
  assert.equal(settings(), before);
});

Deno.test("Settings follow the Node, the ServiceCIDRs and the addresses of the interfaces", () => {
  const { store, addresses, localAddresses, settings } = setUp();
  store.upsert(serviceCIDR("default", ["10.96.0.0/12"]));
  assert.deepEqual(settings().serviceCIDRs, ["10.96.0.0/12"]);
  store.upsert(node({ name: "node-1", labels: { "topology.kubernetes.io/zone": "b" } }));
  assert.equal(settings().zone, "b");
  addresses.push({ address: "192.0.2.7" });
  assert.equal(localAddresses.look(), true);
  assert.deepEqual(settings().localAddresses, ["192.0.2.1", "192.0.2.7"]);
});
