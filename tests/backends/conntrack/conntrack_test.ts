import assert from "node:assert/strict";
import { type FlowMatch, spawnedConntrack } from "../../../backends/conntrack/conntrack.ts";
import { ConntrackError } from "../../../backends/conntrack/conntrack_error.ts";
import type { Flow } from "../../../backends/conntrack/flow.ts";
import type { StreamProcess, StreamResult } from "../../../backends/stream_process.ts";

const SAYS = "conntrack v1.4.7 (conntrack-tools): ";
const FLOW = { destination: "10.96.0.10", destinationPort: 53 };
const ENDPOINT = { replySource: "10.244.1.5", replySourcePort: 8053 };

/** Stands for the program: prints `lines`, ends with the next of `results`, and remembers how it was called. */
function program(
  results: Partial<StreamResult> | Partial<StreamResult>[],
  lines: readonly string[] = [],
) {
  const calls: string[] = [];
  const inputs: (string | undefined)[] = [];
  const next = [results].flat();
  const stream: StreamProcess = (command, args, { onLine, stdin }) => {
    calls.push([command, ...args].join(" "));
    inputs.push(stdin);
    for (const line of lines) onLine(line);
    const result = next.length > 1 ? next.shift() : next[0];
    return Promise.resolve({ code: 0, stderr: "", timedOut: false, ...result });
  };
  const conntrack = spawnedConntrack({ stream, timeoutMs: 1000 });
  const deleted: Flow[] = [];
  return {
    calls,
    inputs,
    conntrack,
    deleted,
    delete: async (...matches: FlowMatch[]) => {
      await conntrack.delete("IPv4", matches, { onFlow: (flow) => deleted.push(flow) });
    },
  };
}

/** Returns the line that the program prints about a flow of the client with this port. */
function line(port: number): string {
  return `udp      17 29 src=10.0.0.1 dst=10.96.0.10 sport=${port} dport=53 [UNREPLIED] ` +
    `src=10.244.1.5 dst=10.0.0.1 sport=8053 dport=${port} mark=0 use=1`;
}

Deno.test("list() asks for the UDP flows of one family and zone, and passes on each of them", async () => {
  const { calls, conntrack } = program({ stderr: `${SAYS}2 flow entries have been shown.\n` }, [
    line(40000),
    "a line that is none",
    line(40001),
  ]);
  const flows: Flow[] = [];
  await conntrack.list("IPv4", (flow) => flows.push(flow));
  assert.deepEqual(flows, [{ ...FLOW, ...ENDPOINT }, { ...FLOW, ...ENDPOINT }]);
  assert.deepEqual(calls, ["conntrack -L -p udp -f ipv4 -w 0"]);
});

Deno.test("delete() names the destination and the endpoint, and passes on what went", async () => {
  const stderr = `${SAYS}2 flow entries have been deleted.\n`;
  const tool = program({ stderr }, [line(40000), line(40001)]);
  await tool.delete({ ...FLOW, ...ENDPOINT });
  assert.deepEqual(tool.deleted, [{ ...FLOW, ...ENDPOINT }, { ...FLOW, ...ENDPOINT }]);
  const IPV6 = { destination: "fd00::1", destinationPort: 5 };
  await tool.conntrack.delete("IPv6", [IPV6], { onFlow: () => {} });
  assert.deepEqual(tool.calls, [
    "conntrack -D -p udp -f ipv4 -w 0 --orig-dst 10.96.0.10 --dport 53 " +
    "--reply-src 10.244.1.5 --reply-port-src 8053",
    "conntrack -D -p udp -f ipv6 -w 0 --orig-dst fd00::1 --dport 5",
  ]);
});

Deno.test("delete() finds it no error that there is nothing to delete", async () => {
  const tool = program({ code: 1, stderr: `${SAYS}0 flow entries have been deleted.\n` });
  await tool.delete(FLOW);
  await tool.delete();
  assert.equal(tool.calls.length, 1);
});

/** The command lines for two matches. */
const COMMANDS = [
  "-D -p udp -f ipv4 -w 0 --orig-dst 10.96.0.10 --dport 53",
  "-D -p udp -f ipv4 -w 0 --orig-dst 10.96.0.11 --dport 53",
];

const OTHER = { ...FLOW, destination: "10.96.0.11" };

Deno.test("delete() needs one process, whatever there is to delete", async () => {
  const tool = program({}, [line(40000)]);
  await tool.delete(FLOW, OTHER);
  assert.deepEqual(tool.calls, ["conntrack -R -"]);
  assert.deepEqual(tool.inputs, [COMMANDS.map((command) => `${command}\n`).join("")]);
  assert.equal(tool.deleted.length, 1);
});

Deno.test("A program that knows no lists of commands is asked once, then run for each", async () => {
  const unknown = { code: 2, stderr: `${SAYS}unknown argument \`-R'\n` };
  const tool = program([unknown, {}]);
  await tool.delete(FLOW, OTHER);
  const each = COMMANDS.map((command) => `conntrack ${command}`);
  assert.deepEqual(tool.calls, ["conntrack -R -", ...each]);
  await tool.delete(FLOW, OTHER);
  assert.deepEqual(tool.calls.slice(3), each);
});

Deno.test("A list of commands that the kernel refuses in the middle is an error", async () => {
  const stderr = `${SAYS}Operation failed: Interrupted system call\n`;
  const tool = program({ code: 1, stderr }, [line(40000)]);
  await assert.rejects(tool.delete(FLOW, OTHER), { kind: "interrupted" });
  assert.deepEqual([tool.calls.length, tool.deleted.length], [1, 1], "what went before is told");
});

const FAILURES = [
  {
    name: "EINTR",
    result: { code: 1, stderr: `${SAYS}Operation failed: Interrupted system call\n` },
    kind: "interrupted",
    says: /^Cannot list UDP flows: .*Interrupted system call$/,
  },
  {
    name: "ENOBUFS",
    result: { code: 1, stderr: `${SAYS}Operation failed: No buffer space available\n` },
    kind: "interrupted",
    says: /No buffer space available$/,
  },
  {
    name: "no privilege",
    result: { code: 1, stderr: `${SAYS}Operation failed: sorry, you must be root\n` },
    kind: "failed",
    says: /you must be root$/,
  },
  {
    name: "no message",
    result: { code: 139 },
    kind: "failed",
    says: /"conntrack" ended with exit code 139$/,
  },
  {
    name: "a program that never ends",
    result: { code: 137, timedOut: true },
    kind: "failed",
    says: /"conntrack" took over 1000 ms$/,
  },
] as const;

for (const { name, result, kind, says } of FAILURES) {
  Deno.test(`A failure says what happened: ${name}`, async () => {
    const failing = program(result).conntrack.list("IPv4", () => {});
    await assert.rejects(failing, (error) => {
      assert.ok(error instanceof ConntrackError);
      assert.equal(error.kind, kind);
      assert.match(error.message, says);
      return true;
    });
  });
}

Deno.test("Without the program the error names the packages that have it", async () => {
  const stream: StreamProcess = () => Promise.reject(new Deno.errors.NotFound());
  const failing = spawnedConntrack({ stream }).delete("IPv4", [FLOW], { onFlow: () => {} });
  await assert.rejects(failing, { kind: "missing", message: /"conntrack-tools"$/ });
});

Deno.test("An error of the one who takes the flows is passed on as it is", async () => {
  const line = "udp 17 29 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 " +
    "sport=2 dport=1 mark=0 use=1";
  const { conntrack } = program({}, [line]);
  const failing = conntrack.list("IPv4", () => {
    throw new RangeError("full");
  });
  await assert.rejects(failing, RangeError);
});
