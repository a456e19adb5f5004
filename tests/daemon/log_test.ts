import { deepEqual, equal } from "node:assert/strict";
import type { LogLevel } from "@logtape/logtape";
import { configureLogging, levelOf, type LoggingOptions } from "../../daemon/log.ts";

const LEVELS: LogLevel[] = ["trace", "debug", "info", "warning", "error", "fatal"];

/** Sets up logging into a list of lines; `lines()` waits for them. */
function logInto(options: Omit<LoggingOptions, "stream">) {
  const written: string[] = [];
  const writeSync = (bytes: Uint8Array) => {
    written.push(new TextDecoder().decode(bytes));
    return bytes.length;
  };
  const stream = { write: (bytes: Uint8Array) => Promise.resolve(writeSync(bytes)), writeSync };
  const { log, flush } = configureLogging({ ...options, stream });
  const lines = async () => {
    await flush();
    return written.join("").split("\n").slice(0, -1);
  };
  return { log, lines };
}

const verbosities: { given: number; want: LogLevel }[] = [
  { given: 0, want: "info" },
  { given: 1, want: "info" },
  { given: 2, want: "debug" },
  { given: 3, want: "debug" },
  { given: 4, want: "trace" },
  { given: 10, want: "trace" },
];

for (const { given, want } of verbosities) {
  Deno.test(`configureLogging() logs from ${want} on with -v=${given}`, async () => {
    equal(levelOf(given), want);
    const { log, lines } = logInto({ format: "json", verbosity: given });
    for (const level of LEVELS) log[level]("x");
    const logged = (await lines()).map((line) => JSON.parse(line).level);
    deepEqual(logged, LEVELS.slice(LEVELS.indexOf(want)));
  });
}

Deno.test("configureLogging() names children after the root, in text", async () => {
  const { log, lines } = logInto({ format: "text", verbosity: 0 });
  log.getChild("watch").getChild("reflector").info("Listed", { kind: "Service" });
  const [line = ""] = await lines();
  equal(
    line.slice("2026-11-21T03:53:01.123Z ".length),
    "INFO  watch.reflector  Listed kind=Service",
  );
});

const modules: { name: string; logger: string; want: LogLevel }[] = [
  { name: "a pattern that matches raises a logger", logger: "watch", want: "trace" },
  { name: "a pattern matches the whole name", logger: "watcher", want: "info" },
  { name: "a star stands for anything", logger: "daemon.health", want: "debug" },
  { name: "a question mark stands for one character", logger: "sync4", want: "debug" },
  { name: "the highest of several patterns counts", logger: "daemon.sync", want: "trace" },
  { name: "a pattern never lowers a logger", logger: "quiet", want: "info" },
  { name: "a dot is a dot", logger: "daemonXsync", want: "info" },
];

for (const { name, logger, want } of modules) {
  Deno.test(`configureLogging() with vmodule: ${name}`, async () => {
    const vmodule = [
      { filePattern: "watch", verbosity: 4 },
      { filePattern: "daemon.*", verbosity: 2 },
      { filePattern: "daemon.sync", verbosity: 5 },
      { filePattern: "sync?", verbosity: 3 },
      { filePattern: "quiet", verbosity: 0 },
    ];
    const { log, lines } = logInto({ format: "json", verbosity: 1, vmodule });
    for (const level of LEVELS) log.getChild(logger)[level]("x");
    equal(JSON.parse((await lines())[0] ?? "").level, want);
  });
}

Deno.test("configureLogging() adds stacks to errors at verbosity 4", async () => {
  for (const verbosity of [3, 4]) {
    const { log, lines } = logInto({ format: "text", verbosity });
    log.error("Failed", { error: new Error("x") });
    equal((await lines())[0]?.includes("log_test.ts"), verbosity === 4);
  }
});

/** Runs tests/support/log_program.ts and reads its stderr, or closes it. */
async function runProgram(arg: string, stderr: "read" | "close") {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", import.meta.resolve("../support/log_program.ts"), arg],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stderr === "close") await child.stderr.cancel();
  const [code, out, err] = await Promise.all([
    child.status.then((status) => status.code),
    new Response(child.stdout).text(),
    stderr === "read" ? new Response(child.stderr).text() : "",
  ]);
  return { code, out, lines: err.split("\n").length - 1 };
}

Deno.test("a process whose stderr is closed goes on", async () => {
  deepEqual(await runProgram("flush", "close"), { code: 0, out: "done", lines: 0 });
});

Deno.test("a process that exits without flushing loses no lines of its last turn", async () => {
  deepEqual(await runProgram("", "read"), { code: 0, out: "done", lines: 1000 });
});
