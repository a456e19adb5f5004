import assert from "node:assert/strict";
import { GoneOffers } from "../../../backends/conntrack/gone_offers.ts";

const LOST = { goneFrontends: ["10.96.0.10 UDP 53"], goneNodePortIPs: ["192.0.2.10"] };

Deno.test("At first it is not known what was offered; afterwards only what is gone is remembered", () => {
  const offers = new GoneOffers();
  assert.deepEqual(offers.take(), {
    frontends: new Set(),
    nodePortIPs: new Set(),
    forgotten: true,
  });
  offers.add(LOST);
  assert.deepEqual(offers.take(), {
    frontends: new Set(LOST.goneFrontends),
    nodePortIPs: new Set(LOST.goneNodePortIPs),
    forgotten: false,
  });
  assert.equal(offers.take().frontends.size, 0, "what was taken is no longer remembered");
});

Deno.test("What was taken and could not be dealt with is remembered with what came since", () => {
  const offers = new GoneOffers();
  offers.add(LOST);
  const taken = offers.take();
  offers.add({ goneFrontends: ["* UDP 30053"], goneNodePortIPs: [] });
  offers.putBack(taken);
  assert.deepEqual(offers.take(), {
    frontends: new Set(["* UDP 30053", "10.96.0.10 UDP 53"]),
    nodePortIPs: new Set(["192.0.2.10"]),
    forgotten: true,
  });
});

Deno.test("Memory is bounded: what is too much to remember is forgotten", () => {
  const offers = new GoneOffers();
  offers.take();
  for (let port = 1; port <= 10_000; port++) {
    offers.add({ goneFrontends: [`* UDP ${port}`], goneNodePortIPs: [] });
  }
  const full = offers.take();
  assert.deepEqual([full.frontends.size, full.forgotten], [10_000, false]);
  offers.add({ goneFrontends: ["* UDP 10001"], goneNodePortIPs: [] });
  offers.putBack(full);
  const forgotten = offers.take();
  assert.deepEqual([forgotten.frontends.size, forgotten.forgotten], [0, true]);
});
