import assert from "node:assert/strict";
import { adjustOomScore } from "../../daemon/oom_score.ts";
import { recordingLog } from "../support/log.ts";
import { scriptedTools } from "../support/scripted_tools.ts";

const DENIED = { code: 1, stderr: "choom: failed to set score adjust value: Permission denied\n" };

/** Asks for a score of process 7, and returns what was run and said about it. */
async function adjust(score: number, answers: Parameters<typeof scriptedTools>[0]) {
  const { run, calls } = scriptedTools(answers);
  const { log, lines } = recordingLog();
  await adjustOomScore({ score, pid: 7, run, log }, new AbortController().signal);
  return { calls, lines };
}

Deno.test("The score is set for the process itself, which needs no words", async () => {
  const { calls, lines } = await adjust(-500, { "choom -n -500 -p 7": {} });
  assert.deepEqual(calls, ["choom -n -500 -p 7"]);
  assert.deepEqual(lines.filter((line) => !line.startsWith("DEBUG")), []);
});

Deno.test("Without the right to set it, one line says who can set it instead", async () => {
  const byDefault = await adjust(-999, { "choom -n -999 -p 7": DENIED });
  assert.equal(byDefault.lines.length, 1);
  assert.match(
    byDefault.lines[0] ?? "",
    /^INFO .*OOMScoreAdjust=.*priority class.*Permission denied/,
  );
  const asked = await adjust(-500, { "choom -n -500 -p 7": DENIED });
  assert.match(asked.lines[0] ?? "", /^WARN /);
});

Deno.test("A program that is missing or hangs is no harm either", async () => {
  assert.match((await adjust(1, {})).lines[0] ?? "", /choom is not installed/);
  const hanging = { "choom -n 1 -p 7": { timedOut: true } };
  assert.match((await adjust(1, hanging)).lines[0] ?? "", /took over/);
});
