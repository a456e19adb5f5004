import { changeScene } from "./change_scene.ts";
import { copyExamples } from "./files.ts";
import { firstAnswer, startProxy } from "./proxy.ts";
import { duration, type Report } from "./report.ts";
import { rulesScene } from "./rules_scene.ts";
import { PODS, setStage, type Stage } from "./stage.ts";
import { tableScene } from "./table_scene.ts";

/** Plays the demo from beginning to end, and cleans up after it, also when `signal` aborts or something fails. */
export async function play(report: Report, signal?: AbortSignal): Promise<void> {
  report.heading("A node, pods and a client, in network namespaces of their own");
  const began = performance.now();
  await using stage = await setStage();
  report.table([{ title: "name" }, { title: "IPv4" }, { title: "IPv6" }], castOf(stage));
  report.say(`made in ${duration(performance.now() - began)}`);
  await using files = await copyExamples();
  // Closing the lab makes everything that waits for an answer fail, which ends the play.
  const stop = () => void stage.lab.close();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    signal?.throwIfAborted();
    report.heading("weir starts on the node, with a copy of examples/");
    report.say("weir --config config.yaml --manifests examples");
    const proxy = startProxy(stage.node, files);
    const answered = await firstAnswer(proxy, stage.asker, "10.96.0.10");
    await firstAnswer(proxy, stage.asker, "fd00:96::30");
    report.say(`first connection answered ${duration(answered - proxy.started)} after its start`);
    await tableScene(report, stage);
    await rulesScene(report, stage);
    await changeScene(report, stage, files);
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

function castOf({ node, asker, client }: Stage): string[][] {
  return [
    ["node", ...node.addresses],
    ["pod-1", ...PODS["pod-1"]],
    ["pod-2", ...PODS["pod-2"]],
    ["pod", ...asker.addresses],
    ["client", ...client.addresses],
  ];
}
