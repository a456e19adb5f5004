import { deepEqual } from "node:assert/strict";
import { recordingLog } from "./log.ts";

Deno.test("recordingLog() keeps what is logged with its own logger and the children of it", () => {
  const one = recordingLog();
  const other = recordingLog();
  one.log.warn("Cannot read {file}", { file: "a.yaml", line: 3 });
  one.log.getChild("watch").trace("Gone - really", { why: "a b" });
  other.log.info("Unrelated");
  deepEqual(one.lines, ["WARN  Cannot read a.yaml line=3", 'TRACE Gone - really why="a b"']);
  deepEqual(one.records.map(({ properties }) => properties), [
    { file: "a.yaml", line: 3 },
    { why: "a b" },
  ]);
  deepEqual(other.lines, ["INFO  Unrelated"]);
});
