import assert from "node:assert/strict";
import { spawnedSysctl } from "../../../backends/sysctl/sysctl.ts";
import { scriptedTools } from "../../support/scripted_tools.ts";

Deno.test("Parameters that the kernel has are read, in one call, and those that it lacks left out", async () => {
  const { run } = scriptedTools({
    "sysctl a.b c.d e.f": {
      code: 1,
      stdout: "a.b = 131072\ne.f = 1 2\t3\n",
      stderr: "sysctl: cannot stat /proc/sys/c/d: No such file or directory\n",
    },
  });
  const values = await spawnedSysctl(run).read(["a.b", "c.d", "e.f"]);
  assert.deepEqual([...values], [["a.b", "131072"], ["e.f", "1 2\t3"]]);
});

Deno.test("Parameters are written in one call, which says what it minds", async () => {
  const { run, calls } = scriptedTools({
    "sysctl -w a.b=1 c.d=2": {
      code: 255,
      stdout: "a.b = 1\n",
      stderr: 'sysctl: permission denied on key "c.d"\n',
    },
  });
  const complaints = await spawnedSysctl(run).write(new Map([["a.b", "1"], ["c.d", "2"]]));
  assert.deepEqual(complaints, ['permission denied on key "c.d"']);
  assert.equal(calls.length, 1);
});

Deno.test("A missing program is named, with the package that has it", async () => {
  const { run } = scriptedTools({});
  await assert.rejects(spawnedSysctl(run).read(["a.b"]), /"sysctl".* install the package "procps"/);
});

Deno.test("A program that hangs is an error", async () => {
  const { run } = scriptedTools({ "sysctl a.b": { timedOut: true } });
  await assert.rejects(spawnedSysctl(run).read(["a.b"]), /took over/);
});
