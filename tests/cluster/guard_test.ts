import assert from "node:assert/strict";
import { apiServerBinaries, startApiServer } from "../support/api_server.ts";
import { flushRules, IN_NAMESPACE, nft } from "../support/kernel.ts";
import { type StoredEvent, storedEvents } from "../support/stored_events.ts";
import { WeirProcess } from "../support/weir_process.ts";

const ignore = apiServerBinaries() === undefined || !IN_NAMESPACE;
const LEFT_OUT = ignore ? " (left out: KUBEBUILDER_ASSETS is not set)" : "";

Deno.test({
  name: `An Event on the Node tells who changed weir's rules${LEFT_OUT}`,
  ignore,
  async fn() {
    await flushRules();
    await using server = await startApiServer();
    await using weir = new WeirProcess([
      `--kubeconfig=${server.proxyKubeconfig}`,
      "--proxy-mode=nftables",
      "--hostname-override=node-1",
      "-v=2",
    ]);
    await weir.logged("Listening for changes");
    await nft("flush", "ruleset");
    await weir.logged(/Repaired the rules family=IPv4/);
    let events: readonly StoredEvent[] = [];
    await weir.until(async () => {
      events = (await storedEvents(server)).filter(({ reason }) => reason === "RulesChanged");
      return events.some(({ note }) => note?.startsWith("IPv4"));
    }, "the Event");
    const event = events.find(({ note }) => note?.startsWith("IPv4"));
    assert.match(
      event?.note ?? "",
      /^IPv4: (a program named "\S+"|another program) changed weir's/,
    );
    assert.equal(`${event?.regarding.kind} ${event?.regarding.name}`, "Node node-1");
  },
});
