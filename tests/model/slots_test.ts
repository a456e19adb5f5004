import assert from "node:assert/strict";
import fc from "fast-check";
import type { Endpoint } from "../../model/endpoint.ts";
import { assignSlots } from "../../model/slots.ts";

function endpoints(ids: readonly string[]): Endpoint[] {
  return ids.map((id) => ({
    address: id,
    port: 80,
    ready: true,
    serving: true,
    terminating: false,
    local: false,
    zoneHints: [],
    nodeHints: [],
  }));
}

function addressOf(endpoint: Endpoint): string {
  return endpoint.address;
}

const CASES: readonly { name: string; from: string; to: string; want: string }[] = [
  { name: "new endpoints come in order", from: "", to: "abc", want: "abc" },
  {
    name: "what stays keeps its slot, in whatever order it is listed",
    from: "abc",
    to: "cab",
    want: "abc",
  },
  { name: "a new endpoint takes the next slot", from: "abc", to: "abcd", want: "abcd" },
  { name: "the last endpoint replaces one that goes", from: "abcd", to: "acd", want: "adc" },
  { name: "the last endpoint goes without a trace", from: "abc", to: "ab", want: "ab" },
  { name: "a new endpoint takes the slot of one that goes", from: "abc", to: "adc", want: "adc" },
  { name: "two that go are replaced by the last two", from: "abcde", to: "cde", want: "edc" },
  { name: "all go", from: "abc", to: "", want: "" },
];

for (const { name, from, to, want } of CASES) {
  Deno.test(`Slots: ${name}`, () => {
    const slots = assignSlots(endpoints([...from]), endpoints([...to]));
    assert.equal(slots.map(addressOf).join(""), want);
  });
}

Deno.test("Slots hold exactly the endpoints, and move no more of them than holes have to be filled", () => {
  const sets = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 2 }), { maxLength: 40 });
  fc.assert(fc.property(sets, sets, (from, to) => {
    const before = assignSlots([], endpoints(from));
    const after = assignSlots(before, endpoints(to));
    assert.deepEqual(after.map(addressOf).sort(), [...to].sort());
    const gone = from.filter((id) => !to.includes(id)).length;
    const moved = after.filter(({ address }, slot) =>
      from.includes(address) && before[slot]?.address !== address
    ).length;
    assert.ok(moved <= gone, `${moved} moved, ${gone} gone`);
  }));
});
