import assert from "node:assert/strict";
import { refusedWhenCutOff } from "../../../backends/nftables/cut_off.ts";
import { fullScript } from "../../../backends/nftables/full_script.ts";
import { service, slice } from "../../support/objects.ts";
import { stateOf } from "../../support/state.ts";

Deno.test("refusedWhenCutOff() changes nothing about the whole script", () => {
  const state = stateOf([service("web"), slice("web", ["10.244.1.5", "10.244.1.6"])]);
  const chunks = [...fullScript(state)];
  assert.equal([...refusedWhenCutOff(chunks)].join(""), chunks.join(""));
  assert.equal([...refusedWhenCutOff([])].join(""), "");
});

Deno.test("refusedWhenCutOff() ends every part but the last one within a statement", () => {
  const state = stateOf([service("web"), slice("web", ["10.244.1.5", "10.244.1.6"])]);
  const parts = [...refusedWhenCutOff(fullScript(state))];
  assert.ok(parts.length > 20);
  for (const part of parts.slice(0, -1)) {
    const words = part.slice(part.lastIndexOf("\n") + 1);
    assert.match(words, /^(add|flush|delete)$/);
  }
});
