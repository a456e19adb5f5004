import assert from "node:assert/strict";
import { type ProcessOptions, runProcess } from "../../backends/process.ts";

/** Runs `script` with the shell, which here stands for a script in the place of a tool. */
function shell(script: string, options: Partial<ProcessOptions> = {}) {
  return runProcess("sh", ["-c", script], { timeoutMs: 60_000, ...options });
}

/** Tells whether there is a process with the number that `file` holds, once there is one. */
async function isAlive(file: string): Promise<boolean> {
  const pid = (await Deno.readTextFile(file)).trim();
  assert.match(pid, /^\d+$/);
  // Nobody but a process with all permissions may read /proc.
  return (await runProcess("kill", ["-0", pid], { timeoutMs: 60_000 })).code === 0;
}

async function eventually(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`Waited in vain: ${what}`);
}

Deno.test("A process gets its standard input in chunks, and its output is the result", async () => {
  const result = await shell("cat; echo x >&2; exit 3", { stdin: ["a", "b\n", "c"] });
  assert.deepEqual(result, { code: 3, stdout: "ab\nc", stderr: "x\n", timedOut: false });
});

Deno.test("A process that does not read its input may end", async () => {
  assert.equal((await shell("exit 4", { stdin: ["x".repeat(1_000_000), "y"] })).code, 4);
});

Deno.test("An error in the making of the input ends the process, and is the error of the call", async () => {
  function* chunks() {
    yield "a";
    throw new RangeError("no more");
  }
  await assert.rejects(shell("cat; sleep 1000", { stdin: chunks() }), /no more/);
});

Deno.test("A process whose time is up is killed, with what it has started and holds its output", async () => {
  const dir = await Deno.makeTempDir({ prefix: "weir-process-" });
  try {
    const script = `sleep 1000 & echo $! > ${dir}/pid; echo first; wait`;
    const { code, stdout, timedOut } = await shell(script, { timeoutMs: 500 });
    assert.deepEqual([code, stdout, timedOut], [137, "first\n", true]);
    await eventually(async () => !await isAlive(`${dir}/pid`), "the end of what was started");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("What a process that has ended leaves running, with its output in hand, is not waited for after its time", async () => {
  const dir = await Deno.makeTempDir({ prefix: "weir-process-" });
  try {
    const script = `sleep 1000 & echo $! > ${dir}/pid`;
    const { code, timedOut } = await shell(script, { timeoutMs: 500 });
    assert.deepEqual([code, timedOut], [0, true]);
    const pid = await Deno.readTextFile(`${dir}/pid`);
    await runProcess("kill", ["-KILL", pid.trim()], { timeoutMs: 60_000 });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("What has moved to a group of its own is killed with the others", async () => {
  const dir = await Deno.makeTempDir({ prefix: "weir-process-" });
  try {
    const script = `setsid sh -c 'echo $$ > ${dir}/pid; exec sleep 30' & sleep 1000`;
    const { code, timedOut } = await shell(script, { timeoutMs: 3_000 });
    assert.deepEqual([code, timedOut], [137, true]);
    await eventually(async () => !await isAlive(`${dir}/pid`), "the end of the one that has moved");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("A process is killed when the signal aborts, also when it has aborted already", async () => {
  const stop = new AbortController();
  const running = shell("sleep 1000", { signal: stop.signal });
  stop.abort();
  assert.equal((await running).code, 137);
  assert.equal((await shell("sleep 1000", { signal: stop.signal })).code, 137);
});
