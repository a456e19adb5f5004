import assert from "node:assert/strict";
import { BalancerChains } from "../../../backends/nftables/balancer_chains.ts";
import type { Balancer } from "../../../backends/nftables/names.ts";

function balancer(size: number): Balancer {
  return { protocol: "TCP", nodePort: false, list: "cluster", size };
}

Deno.test("A chain is missing until a transaction made it", () => {
  const chains = new BalancerChains();
  chains.reset([balancer(1)], [], 0);
  assert.deepEqual(chains.missing([balancer(1), balancer(2), balancer(2)]), [balancer(2)]);
  chains.commit([balancer(2)], [], 0);
  assert.deepEqual(chains.missing([balancer(2)]), []);
});

Deno.test("A chain is unused when the last frontend that led to it is gone", () => {
  const chains = new BalancerChains();
  chains.reset([balancer(1), balancer(1)], [], 0);
  chains.commit([], [balancer(1)], 0);
  assert.deepEqual(chains.unusedFor(0, 5_000), []);
  chains.commit([], [balancer(1)], 0);
  assert.deepEqual(chains.unusedFor(0, 5_000), ["tcp-lb-1"]);
});

Deno.test("An unused chain is kept for a while, and not deleted when it is used again", () => {
  const chains = new BalancerChains();
  chains.reset([balancer(1)], [], 0);
  chains.commit([], [balancer(1)], 1_000);
  assert.deepEqual(chains.unusedFor(1_000, 1_999), []);
  assert.deepEqual(chains.unusedFor(1_000, 2_000), ["tcp-lb-1"]);
  assert.deepEqual(chains.missing([balancer(1)]), []);
  chains.commit([balancer(1)], [], 2_000);
  assert.deepEqual(chains.unusedFor(1_000, 9_000), []);
});

Deno.test("A frontend that keeps its number of endpoints keeps its chain", () => {
  const chains = new BalancerChains();
  chains.reset([balancer(3)], [], 0);
  chains.commit([balancer(3)], [balancer(3)], 0);
  assert.deepEqual(chains.unusedFor(0, 9_000), []);
});

Deno.test("Chains that an earlier process left and nobody needs are unused", () => {
  const chains = new BalancerChains();
  chains.reset([balancer(1)], ["tcp-lb-1", "tcp-lb-9"], 0);
  assert.deepEqual(chains.unusedFor(0, 0), ["tcp-lb-9"]);
  chains.deleted(["tcp-lb-9"]);
  assert.deepEqual(chains.unusedFor(0, 0), []);
  assert.deepEqual(chains.missing([balancer(9)]), [balancer(9)]);
});
