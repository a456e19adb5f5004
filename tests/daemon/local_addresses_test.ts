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
  await clock.advance(2_000);
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

const IF_INET6 = "/proc/net/if_inet6";
const DISABLED = "/proc/sys/net/ipv6/conf/all/disable_ipv6";

const MACHINES = [
  {
    name: "a kernel with IPv6",
    files: { [IF_INET6]: "", [DISABLED]: "0\n" },
    want: ["IPv4", "IPv6"],
  },
  { name: "a kernel without IPv6", files: {}, want: ["IPv4"] },
  {
    name: "IPv6 that is switched off",
    files: { [IF_INET6]: "", [DISABLED]: "1\n" },
    want: ["IPv4"],
  },
] as const;

for (const { name, files, want } of MACHINES) {
  Deno.test(`Families: ${name}`, () => {
    const read = (path: string) => {
      const text = (files as Record<string, string>)[path];
      if (text === undefined) throw new Deno.errors.NotFound(path);
      return text;
    };
    assert.deepEqual(supportedFamilies(read), want);
  });
}
