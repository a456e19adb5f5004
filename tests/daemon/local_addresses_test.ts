import assert from "node:assert/strict";
import { supportedFamilies } from "../../daemon/families.ts";
import { LocalAddresses } from "../../daemon/local_addresses.ts";
import { FakeClock } from "../support/fake_clock.ts";

Deno.test("An address that comes or goes is noticed", async () => {
  let addresses = ["192.0.2.10"];
  const local = new LocalAddresses(() => addresses.map((address) => ({ address })));
  const clock = new FakeClock();
  const stop = new AbortController();
  let changes = 0;
  const watching = local.watch(clock, () => changes++, stop.signal);
  await clock.advance(10_000);
  assert.equal(changes, 0);
  addresses = ["203.0.113.7", "192.0.2.10"];
  await clock.advance(500);
  assert.equal(changes, 1);
  assert.deepEqual(local.current, ["192.0.2.10", "203.0.113.7"]);
  stop.abort();
  await watching;
});

Deno.test("The same addresses in another order are no change", () => {
  let addresses = ["192.0.2.10", "fe80::1%eth0", "203.0.113.7"];
  const local = new LocalAddresses(() => addresses.map((address) => ({ address })));
  addresses = addresses.toReversed();
  assert.equal(local.look(), false);
  assert.deepEqual(local.current, ["192.0.2.10", "203.0.113.7"]);
});

Deno.test("A machine without any IPv6 address has no IPv6", () => {
  const interfaces = (...addresses: readonly string[]) => addresses.map((address) => ({ address }));
  assert.deepEqual(supportedFamilies(interfaces("127.0.0.1", "::1")), ["IPv4", "IPv6"]);
  assert.deepEqual(supportedFamilies(interfaces("127.0.0.1", "192.0.2.10")), ["IPv4"]);
  assert.deepEqual(supportedFamilies(interfaces()), ["IPv4"]);
});
