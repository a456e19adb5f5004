import assert from "node:assert/strict";
import { STDERR_LIMIT, streamProcess } from "../../backends/stream_process.ts";

/** Runs `script` in a process of its own and returns its result and its lines. */
async function run(
  script: string,
  options: {
    stdin?: string;
    timeoutMs?: number;
    signal?: AbortSignal;
    onLine?: (line: string) => void;
  } = {},
) {
  const lines: string[] = [];
  const { timeoutMs = 60_000, onLine = (line) => lines.push(line), ...rest } = options;
  const args = ["eval", "--no-config", script];
  const result = await streamProcess(Deno.execPath(), args, { timeoutMs, onLine, ...rest });
  return { ...result, lines };
}

const WRITE = "const write = (text) => Deno.stdout.writeSync(new TextEncoder().encode(text));";

Deno.test("Lines are passed on whole, however they are cut on the way", async () => {
  const script = `${WRITE} for (const part of ["a", "b\\nc\\n", "\\n\\u00e4", "d"]) {
    write(part);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }`;
  assert.deepEqual(await run(script), {
    code: 0,
    stderr: "",
    timedOut: false,
    lines: ["ab", "c", "", "äd"],
  });
});

Deno.test("A process gets its standard input, and one that does not read it may end", async () => {
  const echo = "await Deno.stdin.readable.pipeTo(Deno.stdout.writable)";
  assert.deepEqual((await run(echo, { stdin: "a\nb\n" })).lines, ["a", "b"]);
  assert.deepEqual((await run(echo)).lines, []);
  assert.equal((await run("Deno.exit(3)", { stdin: "x".repeat(1_000_000) })).code, 3);
});

Deno.test("The exit code and the end of standard error are a result, not an error", async () => {
  const script = `console.error("x".repeat(${2 * STDERR_LIMIT}) + "the end"); Deno.exit(3)`;
  const { code, stderr } = await run(script);
  assert.equal(code, 3);
  assert.equal(stderr.length, STDERR_LIMIT);
  assert.match(stderr, /xthe end\n$/);
});

Deno.test("A process whose time is up is killed, and what it said counts", async () => {
  const script = `${WRITE} write("first\\n"); await new Promise((r) => setTimeout(r, 1e6))`;
  const { timedOut, code, lines } = await run(script, { timeoutMs: 500 });
  assert.deepEqual([timedOut, code], [true, 137]);
  assert.ok(lines.length <= 1);
});

Deno.test("A process is killed when the signal aborts, also when it has aborted already", async () => {
  const endless = `${WRITE} write("up\\n"); await new Promise((r) => setTimeout(r, 1e6))`;
  const stop = new AbortController();
  const stopped = await run(endless, { signal: stop.signal, onLine: () => stop.abort() });
  assert.deepEqual([stopped.code, stopped.timedOut], [137, false]);
  const never = await run(endless, { signal: stop.signal });
  assert.equal(never.code, 137);
});

Deno.test("A reader that throws ends the process, endless as it may be", async () => {
  const endless = `${WRITE} while (true) write("line\\n".repeat(10_000))`;
  let taken = 0;
  const onLine = () => {
    if (++taken === 25_000) throw new RangeError("enough");
  };
  await assert.rejects(run(endless, { onLine }), /enough/);
  assert.equal(taken, 25_000);
});

Deno.test("A program that does not exist is NotFound", async () => {
  const options = { timeoutMs: 1000, onLine() {} };
  const { NotFound, NotCapable } = Deno.errors;
  const failing = streamProcess("/nonexistent/conntrack", [], options);
  await assert.rejects(
    failing,
    (error) => error instanceof NotFound || error instanceof NotCapable,
  );
});
