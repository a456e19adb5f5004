import assert from "node:assert/strict";
import type { Logger } from "@logtape/logtape";
import { systemClock } from "../../model/clock.ts";
import {
  type ClusterObject,
  keyOf,
  type Kind,
  KINDS,
  type ObjectKey,
} from "../../model/objects.ts";
import { createManifestSource, readManifests } from "../../watch/manifest_source.ts";
import type { FolderEvents } from "../../watch/manifest_watcher.ts";
import type { Sink } from "../../watch/source.ts";
import { recordingLog } from "../support/log.ts";

/** Remembers what a source told, and lets a test wait for it. */
class RecordingSink implements Sink {
  readonly calls: string[] = [];
  readonly objects = new Map<string, ClusterObject>();
  readonly #waiting = new Set<() => void>();

  replace(kind: Kind, objects: Iterable<ClusterObject>): void {
    const list = [...objects];
    this.calls.push(`replace ${kind} ${list.length}`);
    for (const object of list) this.objects.set(`${kind} ${keyOf(object)}`, object);
    this.#tell();
  }

  upsert(object: ClusterObject): void {
    this.calls.push(`upsert ${object.kind} ${keyOf(object)}`);
    this.objects.set(`${object.kind} ${keyOf(object)}`, object);
    this.#tell();
  }

  upsertAll(_kind: Kind, objects: readonly ClusterObject[]): void {
    for (const object of objects) this.upsert(object);
  }

  remove(kind: Kind, key: ObjectKey): void {
    this.calls.push(`remove ${kind} ${key}`);
    this.objects.delete(`${kind} ${key}`);
    this.#tell();
  }

  heard(): void {
    this.#tell();
  }

  /** Resolves as soon as `condition` holds after a call. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`It never came: ${this.calls}`)), 10_000);
      const check = () => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }

  /** Resolves after the call with this text. */
  async call(text: string): Promise<void> {
    await this.until(() => this.calls.includes(text));
  }

  zone(name: string): string | undefined {
    const node = this.objects.get(`Node ${name}`);
    return node?.kind === "Node" ? node.labels["zone"] : undefined;
  }

  #tell(): void {
    for (const check of this.#waiting) check();
  }
}

interface Running extends AsyncDisposable {
  readonly dir: string;
  readonly sink: RecordingSink;
  readonly lines: readonly string[];
  write(path: string, text: string): Promise<void>;
  /** Resolves after a line of the log that matches. */
  logged(pattern: RegExp): Promise<void>;
}

function node(name: string, zone = "z"): string {
  return `kind: Node\napiVersion: v1\nmetadata: {name: ${name}, labels: {zone: ${zone}}}\n`;
}

/** Runs a source on a new folder with `files`, and waits for its first complete list. */
async function start(
  files: Readonly<Record<string, string>>,
  watch?: (dir: string) => FolderEvents,
): Promise<Running> {
  const dir = await Deno.makeTempDir({ prefix: "weir-manifests-" });
  const write = async (path: string, text: string) => {
    await Deno.mkdir(`${dir}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${dir}/${path}`, text);
  };
  for (const [path, text] of Object.entries(files)) await write(path, text);
  const sink = new RecordingSink();
  const { log, lines } = recordingLog();
  const stop = new AbortController();
  const source = createManifestSource({ dir, clock: systemClock, log, ...(watch && { watch }) });
  const running = source.run(sink, stop.signal);
  await Promise.race([running, sink.until(() => sink.calls.length >= KINDS.length)]);
  return {
    dir,
    sink,
    lines,
    write,
    logged: (pattern) => waitForLine(lines, pattern),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await Deno.remove(dir, { recursive: true }).catch(() => {});
    },
  };
}

async function waitForLine(lines: readonly string[], pattern: RegExp): Promise<void> {
  for (let turn = 0; turn < 1000; turn++) {
    if (lines.some((line) => pattern.test(line))) return;
    await systemClock.sleep(10);
  }
  assert.fail(`${pattern} was never logged, only: ${lines.join("\n")}`);
}

Deno.test("the first reading is a complete list of every kind, also of the empty ones", async () => {
  await using run = await start({
    "a.yaml": node("a"),
    "deep/er/b.json": `{"kind":"Node","metadata":{"name":"b"}}`,
  });
  assert.deepEqual(run.sink.calls, [
    "replace Service 0",
    "replace EndpointSlice 0",
    "replace Node 2",
    "replace ServiceCIDR 0",
  ]);
});

Deno.test("only objects that differ are sent", async () => {
  await using run = await start({ "a.yaml": `${node("a")}---\n${node("b")}` });
  await run.write("a.yaml", `# as before\n${node("a")}---\n${node("b", "new")}---\n${node("c")}`);
  await run.sink.call("upsert Node c");
  await run.write("a.yaml", node("c"));
  await run.sink.call("remove Node b");
  assert.deepEqual(run.sink.calls.slice(KINDS.length), [
    "upsert Node b",
    "upsert Node c",
    "remove Node a",
    "remove Node b",
  ]);
});

const moves: readonly { name: string; act(run: Running): Promise<void>; want: string }[] = [
  { name: "a new file", act: (run) => run.write("b.yaml", node("b")), want: "upsert Node b" },
  {
    name: "a file in a new folder",
    act: (run) => run.write("x/y/b.yaml", node("b")),
    want: "upsert Node b",
  },
  { name: "a deleted file", act: (run) => Deno.remove(`${run.dir}/a.yaml`), want: "remove Node a" },
  {
    name: "a deleted folder",
    act: (run) => Deno.remove(`${run.dir}/sub`, { recursive: true }),
    want: "remove Node s",
  },
  {
    name: "a renamed folder that is hidden now",
    act: (run) => Deno.rename(`${run.dir}/sub`, `${run.dir}/.sub`),
    want: "remove Node s",
  },
  {
    name: "a file that was renamed away",
    act: (run) => Deno.rename(`${run.dir}/a.yaml`, `${run.dir}/a.yaml.off`),
    want: "remove Node a",
  },
  {
    name: "a file that was renamed over another",
    async act(run) {
      await Deno.writeTextFile(`${run.dir}/.a.yaml.tmp`, node("a", "new"));
      await Deno.rename(`${run.dir}/.a.yaml.tmp`, `${run.dir}/a.yaml`);
    },
    want: "upsert Node a",
  },
  {
    name: "an empty file, once it stays empty",
    act: (run) => run.write("a.yaml", ""),
    want: "remove Node a",
  },
];

for (const { name, act, want } of moves) {
  Deno.test(`the source follows ${name}`, async () => {
    await using run = await start({ "a.yaml": node("a"), "sub/s.yaml": node("s") });
    await act(run);
    await run.sink.call(want);
    assert.deepEqual(run.sink.calls.slice(KINDS.length), [want]);
  });
}

Deno.test("the source follows the switch of a mounted ConfigMap", async () => {
  await using run = await start({});
  const update = async (version: string) => {
    await run.write(`..${version}/a.yaml`, node("a", version));
    await Deno.symlink(`..${version}`, `${run.dir}/..data_tmp`);
    await Deno.rename(`${run.dir}/..data_tmp`, `${run.dir}/..data`);
  };
  await update("v1");
  await Deno.symlink("..data/a.yaml", `${run.dir}/a.yaml`);
  await run.sink.until(() => run.sink.zone("a") === "v1");
  await update("v2");
  await run.sink.until(() => run.sink.zone("a") === "v2");
  assert.deepEqual(run.sink.calls.slice(KINDS.length), ["upsert Node a", "upsert Node a"]);
});

Deno.test("a broken file is reported with file, document and line, and keeps its objects", async () => {
  await using run = await start({ "a.yaml": `${node("a")}---\n${node("b")}`, "b.yaml": node("c") });
  await run.write("a.yaml", `${node("a", "new")}---\nkind: Node\nmetadata: {name: b\n`);
  await run.logged(/\/a\.yaml: document 2, line \d: Cannot parse YAML: .*stay in force/);
  await run.write("b.yaml", node("c", "new"));
  await run.sink.call("upsert Node c");
  assert.deepEqual(run.sink.calls.slice(KINDS.length), ["upsert Node c"]);
  await run.write("a.yaml", node("a", "new"));
  await run.sink.call("remove Node b");
  assert.equal(run.sink.zone("a"), "new");
});

Deno.test("at first the good documents of a broken file are used", async () => {
  await using run = await start({ "a.yaml": `kind: Node\n---\n${node("b")}` });
  assert.deepEqual([...run.sink.objects.keys()], ["Node b"]);
  await run.logged(/a\.yaml: document 1, line 1: /);
});

Deno.test("a file that is written in steps is not taken for broken", async () => {
  await using run = await start({ "a.yaml": node("a"), "b.yaml": node("b") });
  using file = await Deno.open(`${run.dir}/a.yaml`, { write: true, truncate: true });
  const bytes = new TextEncoder().encode(node("a", "new").repeat(1) + "---\n" + node("c"));
  await file.write(bytes.subarray(0, 40));
  await systemClock.sleep(40);
  await file.write(bytes.subarray(40));
  await run.sink.call("upsert Node c");
  assert.deepEqual(run.sink.calls.slice(KINDS.length), ["upsert Node a", "upsert Node c"]);
  assert.deepEqual(run.lines.filter((line) => line.startsWith("WARN")), []);
});

Deno.test("an object that two files define comes from the first one, and the other is reported", async () => {
  await using run = await start({ "b.yaml": node("x", "b"), "a.yaml": node("x", "a") });
  assert.equal(run.sink.zone("x"), "a");
  await run.logged(/^WARN +b\.yaml: Node "x" is defined in "a\.yaml" already/);
  await Deno.remove(`${run.dir}/a.yaml`);
  await run.sink.until(() => run.sink.zone("x") === "b");
});

Deno.test("when the folder goes away everything stays, and it is followed again when it is back", async () => {
  await using run = await start({ "a.yaml": node("a"), "b.yaml": node("b") });
  await Deno.remove(run.dir, { recursive: true });
  await run.logged(/is gone: everything stays/);
  assert.deepEqual(run.sink.calls.slice(KINDS.length), []);
  await run.write("a.yaml", node("a", "back"));
  await run.sink.until(() => run.sink.zone("a") === "back");
  await run.sink.call("remove Node b");
  await run.write("a.yaml", node("a", "again"));
  await run.sink.until(() => run.sink.zone("a") === "again");
});

Deno.test("another folder in the same place is followed too", async () => {
  await using run = await start({ "a.yaml": node("a", "old") });
  await Deno.mkdir(`${run.dir}.new`);
  await Deno.writeTextFile(`${run.dir}.new/a.yaml`, node("a", "new"));
  await Deno.rename(run.dir, `${run.dir}.old`);
  await Deno.rename(`${run.dir}.new`, run.dir);
  await run.sink.until(() => run.sink.zone("a") === "new");
  await run.write("a.yaml", node("a", "newer"));
  await run.sink.until(() => run.sink.zone("a") === "newer");
  await Deno.remove(`${run.dir}.old`, { recursive: true });
});

Deno.test("a folder that the kernel cannot watch is looked at again and again", async () => {
  const refuse = () => {
    throw new Error("No space left for inotify watches");
  };
  await using run = await start({ "a.yaml": node("a") }, refuse);
  await run.logged(/Cannot watch .*No space left/);
  await run.write("a.yaml", node("a", "new"));
  await run.sink.until(() => run.sink.zone("a") === "new");
  assert.equal(run.lines.filter((line) => line.includes("Cannot watch")).length, 1);
});

Deno.test("a source of a missing folder rejects and says so", async () => {
  const { log } = recordingLog() as { log: Logger };
  const source = createManifestSource({ dir: "/nonexistent/dir", clock: systemClock, log });
  await assert.rejects(
    source.run(new RecordingSink(), new AbortController().signal),
    /^Error: Cannot read manifests from "\/nonexistent\/dir": There is no such folder/,
  );
});

Deno.test("reading once gives the same objects, and the problems as lines", async () => {
  const bad = "kind: Node\n";
  await using run = await start({
    "b.yaml": node("x", "b"),
    "a.yaml": `${node("x", "a")}---\n${bad}`,
    "c.txt": "no",
  });
  const { objects, problems } = await readManifests(run.dir);
  assert.deepEqual(objects, [...run.sink.objects.values()]);
  assert.equal(problems.length, 2);
  assert.match(problems[0] ?? "", /\/a\.yaml: document 2, line 5: Cannot use Node/);
  assert.match(problems[1] ?? "", /^b\.yaml: Node "x" is defined in "a\.yaml" already/);
});
