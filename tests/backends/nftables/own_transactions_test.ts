import assert from "node:assert/strict";
import { OwnTransactions } from "../../../backends/nftables/own_transactions.ts";
import { FakeClock } from "../../support/fake_clock.ts";

function setUp() {
  const clock = new FakeClock();
  const own = new OwnTransactions(clock);
  const mistaken: string[] = [];
  /** One was committed that touched the table: is it weir's own? */
  const isOwn = (name = "") => own.explain("IPv4", () => mistaken.push(name));
  return { clock, own, mistaken, isOwn };
}

Deno.test("A transaction without one of weir's own is somebody else's", () => {
  assert.equal(setUp().isOwn(), false);
});

Deno.test("Each of weir's own transactions explains one, whether it has ended or not", () => {
  const { own, isOwn } = setUp();
  own.begin("IPv4").done();
  own.begin("IPv4");
  assert.deepEqual([isOwn(), isOwn(), isOwn()], [true, true, false]);
});

Deno.test("A transaction of one family does not explain one of the other", () => {
  const { own, isOwn } = setUp();
  own.begin("IPv6").done();
  assert.equal(isOwn(), false);
});

Deno.test("A transaction that was told of before it ended explains no further one", () => {
  const { own, isOwn } = setUp();
  const begun = own.begin("IPv4");
  assert.equal(isOwn(), true);
  begun.done();
  assert.equal(isOwn(), false);
});

Deno.test("When weir's own was refused, what was taken for it was somebody else's", () => {
  const { own, isOwn, mistaken } = setUp();
  const begun = own.begin("IPv4");
  assert.equal(isOwn("flush ruleset"), true);
  assert.deepEqual(mistaken, []);
  begun.refused();
  assert.deepEqual(mistaken, ["flush ruleset"]);
});

Deno.test("A transaction that was refused explains nothing", () => {
  const { own, isOwn } = setUp();
  own.begin("IPv4").refused();
  assert.equal(isOwn(), false);
});

Deno.test("One that ended five seconds ago explains nothing any more, one under way does", async () => {
  const { clock, own, isOwn } = setUp();
  own.begin("IPv4").done();
  const begun = own.begin("IPv4");
  await clock.advance(5_001);
  assert.deepEqual([isOwn(), isOwn()], [true, false]);
  begun.done();
});

Deno.test("What ended before somebody listened is not told of", () => {
  const { own, isOwn } = setUp();
  own.begin("IPv4").done();
  const begun = own.begin("IPv4");
  own.forgetEnded();
  assert.deepEqual([isOwn(), isOwn()], [true, false]);
  begun.done();
});

Deno.test("A family is busy while any transaction of its own is under way", () => {
  const { own } = setUp();
  const [first, second] = [own.begin("IPv4"), own.begin("IPv4")];
  first.done();
  assert.deepEqual([own.isBusy("IPv4"), own.isBusy("IPv6")], [true, false]);
  second.refused();
  assert.equal(own.isBusy("IPv4"), false);
});
