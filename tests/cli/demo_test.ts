import assert from "node:assert/strict";
import { complaint, type Question, QUESTIONS } from "../../cli/demo/questions.ts";
import { duration, formatTable, Report, wrap } from "../../cli/demo/report.ts";
import {
  adminPath,
  ensureTools,
  installCommand,
  MissingToolsError,
  PACKAGE_MANAGERS,
} from "../../cli/demo/requirements.ts";
import { essence } from "../../cli/demo/rules_scene.ts";
import type { RunProcess } from "../../backends/process.ts";

Deno.test("a table is as wide as its content, numbers on the right", () => {
  const columns = [{ title: "who" }, { title: "n", align: "right" as const }, { title: "last" }];
  assert.deepEqual(formatTable(columns, [["pod-1", "7", ""], ["b", "100", "x"]]), [
    "who      n  last",
    "pod-1    7",
    "b      100  x",
  ]);
});

const lines: readonly { name: string; line: string; want: readonly string[] }[] = [
  { name: "stays if it fits", line: "one two", want: ["one two"] },
  { name: "breaks at a space", line: "one two three", want: ["one two", "  three"] },
  { name: "keeps its indentation", line: "  a bc defg hi", want: ["  a bc", "    defg", "    hi"] },
  { name: "is left alone without a space", line: "abcdefghijklmn", want: ["abcdefghijklmn"] },
  {
    name: "breaks after a word that is too long",
    line: "a bcdefghijk l",
    want: ["a", "  bcdefghijk l"],
  },
];

for (const { name, line, want } of lines) {
  Deno.test(`a long line ${name}`, () => assert.deepEqual(wrap(line, 8), want));
}

Deno.test("durations are for people", () => {
  assert.deepEqual([0.4, 31.4, 999, 1000, 1249].map(duration), [
    "0 ms",
    "31 ms",
    "999 ms",
    "1.0 s",
    "1.2 s",
  ]);
});

Deno.test("a claim that does not hold is shown and remembered", () => {
  let text = "";
  const report = new Report({ write: (piece) => text += piece, colour: false });
  report.claim("water is wet", true);
  assert.equal(text, "");
  report.claim("pigs fly", false);
  assert.match(text, /NOT SO: pigs fly/);
  assert.deepEqual([report.claims, report.broken], [2, ["pigs fly"]]);
});

Deno.test("there are no colours unless they are asked for", () => {
  const written: string[] = [];
  for (const colour of [false, true]) {
    new Report({ write: (piece) => written.push(piece), colour }).heading("title");
  }
  assert.deepEqual(written.map((text) => text.includes("\x1b")), [false, true]);
});

const MY_SVC = QUESTIONS[0] as Question;
const findings: readonly {
  name: string;
  counts: Record<string, number>;
  source?: string;
  refused?: true;
  want: RegExp | undefined;
}[] = [
  { name: "both pods answer", counts: { "pod-1": 90, "pod-2": 110 }, want: undefined },
  { name: "one pod answers all", counts: { "pod-1": 200 }, want: /share/ },
  {
    name: "one connection times out",
    counts: { "pod-1": 99, "pod-2": 100, timeout: 1 },
    want: /every time/,
  },
  {
    name: "a strange pod answers",
    counts: { "pod-1": 99, "pod-2": 100, "pod-9": 1 },
    want: /every time/,
  },
  {
    name: "the source is another",
    counts: { "pod-1": 90, "pod-2": 110 },
    source: "192.0.2.10",
    want: /see 10\.0\.0\.1/,
  },
  {
    name: "nobody is there and all are refused",
    counts: { refused: 200 },
    refused: true,
    want: undefined,
  },
  {
    name: "nobody is there and one waits",
    counts: { refused: 199, timeout: 1 },
    refused: true,
    want: /refused/,
  },
];

for (const { name, counts, source = "10.0.0.1", refused, want } of findings) {
  Deno.test(`the demo judges: ${name}`, () => {
    const question = refused ? { ...MY_SVC, refused } : MY_SVC;
    const seen = { counts: new Map(Object.entries(counts)), sources: [source] };
    const given = { pods: ["pod-1", "pod-2"], count: 200, source: "10.0.0.1" };
    const problem = complaint(question, seen, given);
    if (want === undefined) assert.equal(problem, undefined);
    else assert.match(problem ?? "", want);
  });
}

Deno.test("a listing is shown without its braces and declarations", () => {
  const listing = `table ip weir {
\tmap service-ips {
\t\ttype ipv4_addr . inet_proto . inet_service : verdict
\t\telements = { 10.96.0.10 . tcp . 80 comment "default/my-svc" : goto tcp-lb-2 }
\t}
}`;
  assert.equal(
    essence(listing),
    `   10.96.0.10 . tcp . 80 comment "default/my-svc" : goto tcp-lb-2`,
  );
});

Deno.test("the search path gets the directories of system tools, once", () => {
  assert.equal(adminPath("/usr/bin:/usr/sbin"), "/usr/bin:/usr/sbin:/usr/local/sbin:/sbin");
  assert.equal(adminPath(adminPath("")), adminPath(""));
});

/** A machine without real programs: `present` are on the search path, an installation adds `brings`. */
function machine(present: readonly string[], brings: readonly string[] = []) {
  const programs = new Set(present);
  const commands: string[] = [], said: string[] = [];
  const run: RunProcess = (command, args) => {
    commands.push([command, ...args].join(" "));
    if (args.some((arg) => arg === "install" || arg === "add")) {
      brings.forEach((p) => programs.add(p));
    }
    return Promise.resolve({ code: 0, stdout: "", stderr: "", timedOut: false });
  };
  const exists = (program: string) => Promise.resolve(programs.has(program));
  const options = { run, exists, log: (line: string) => void said.push(line) };
  return { options, commands, said };
}

Deno.test("nothing is run when all tools are there", async () => {
  const { options, commands, said } = machine(["nft", "ip", "apt-get"]);
  await ensureTools(["nft", "ip"], { ...options, root: true });
  assert.deepEqual([commands, said], [[], []]);
});

Deno.test("root gets what is missing from the package manager, and is told so", async () => {
  const { options, commands, said } = machine(["ip", "apt-get"], ["nft", "conntrack"]);
  await ensureTools(["nft", "ip", "conntrack"], { ...options, root: true });
  const install = "apt-get install -y -qq --no-install-recommends nftables conntrack";
  assert.deepEqual(commands, ["apt-get update -qq", install]);
  assert.deepEqual(said, [`Installing what is missing: ${install}`]);
});

const refusals: readonly { name: string; present: string[]; root: boolean; want: RegExp }[] = [
  {
    name: "without root, the command",
    present: ["apk"],
    root: false,
    want: /^Cannot find "nft": run "sudo apk add --no-cache nftables"$/,
  },
  {
    name: "when the installation brings nothing, the command",
    present: ["dnf"],
    root: true,
    want: /^Cannot find "nft": run "dnf install -y nftables"$/,
  },
  {
    name: "without a package manager, the packages",
    present: [],
    root: true,
    want: /install the packages nftables, /,
  },
];

for (const { name, present, root, want } of refusals) {
  Deno.test(`a missing tool is reported with what to do: ${name}`, async () => {
    const { options } = machine(present);
    await assert.rejects(ensureTools(["nft"], { ...options, root }), (error) => {
      assert.ok(error instanceof MissingToolsError);
      assert.match(error.message, want);
      return true;
    });
  });
}

Deno.test("two tools of one package are installed once, by every package manager", () => {
  for (const manager of PACKAGE_MANAGERS) {
    const command = installCommand(manager, ["unshare", "nsenter"]);
    assert.equal(command.filter((word) => word.startsWith("util-linux")).length, 1);
  }
});
