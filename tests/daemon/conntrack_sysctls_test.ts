import assert from "node:assert/strict";
import type { Sysctl } from "../../backends/sysctl/sysctl.ts";
import { defaultConfiguration } from "../../config/configuration.ts";
import {
  conntrackSysctls,
  tuneConntrack,
  type WantedSysctl,
} from "../../daemon/conntrack_sysctls.ts";
import { recordingLog } from "../support/log.ts";

const CONNTRACK = defaultConfiguration().conntrack;
const LEFT = {
  ...CONNTRACK,
  maxPerCore: 0,
  tcpEstablishedTimeout: 0,
  tcpCloseWaitTimeout: 0,
};
const NF = "net.netfilter.nf_conntrack_";

interface Case {
  readonly name: string;
  readonly conntrack: Partial<typeof CONNTRACK>;
  readonly cpus?: number;
  readonly want: Readonly<Record<string, number>>;
}

const CASES: readonly Case[] = [
  { name: "zeros leave everything as it is", conntrack: {}, want: {} },
  {
    name: "the limit grows with the CPUs (upstream: scaled)",
    conntrack: { maxPerCore: 67_890, min: 1 },
    cpus: 4,
    want: { max: 271_560, buckets: 67_890 },
  },
  {
    name: "the limit is min at the least (upstream: min)",
    conntrack: { maxPerCore: 1, min: 123_456 },
    want: { max: 123_456, buckets: 30_864 },
  },
  {
    name: "min alone does nothing (upstream: maxPerCore 0)",
    conntrack: { maxPerCore: 0, min: 123_456 },
    want: {},
  },
  {
    name: "many CPUs do not go beyond 1048576",
    conntrack: { maxPerCore: 32_768, min: 131_072 },
    cpus: 512,
    want: { max: 1_048_576, buckets: 262_144 },
  },
  {
    name: "min may go beyond it",
    conntrack: { maxPerCore: 1, min: 2_000_000 },
    want: { max: 2_000_000, buckets: 500_000 },
  },
  {
    name: "timeouts are whole seconds, never 0",
    conntrack: {
      tcpEstablishedTimeout: 86_400_000,
      tcpCloseWaitTimeout: 1_999,
      udpTimeout: 500,
      udpStreamTimeout: 90_000,
    },
    want: {
      tcp_timeout_established: 86_400,
      tcp_timeout_close_wait: 1,
      udp_timeout: 1,
      udp_timeout_stream: 90,
    },
  },
  {
    name: "liberal TCP is switched on, and never off",
    conntrack: { tcpBeLiberal: true },
    want: { tcp_be_liberal: 1 },
  },
];

for (const { name, conntrack, cpus = 2, want } of CASES) {
  Deno.test(`Conntrack parameters: ${name}`, () => {
    const wanted = conntrackSysctls({ ...LEFT, ...conntrack }, cpus);
    assert.deepEqual(
      Object.fromEntries(wanted.map((each) => [each.name.replace(NF, ""), each.value])),
      want,
    );
  });
}

Deno.test("The defaults are kube-proxy's", () => {
  const limits = [1, 4, 8, 32, 64].map((cpus) => conntrackSysctls(CONNTRACK, cpus)[0]?.value);
  assert.deepEqual(limits, [131_072, 131_072, 262_144, 1_048_576, 1_048_576]);
});

/** A kernel that has these parameters and lets those be written that are not in `refused`. */
function kernel(values: Readonly<Record<string, string>>, refused: readonly string[] = []) {
  const now = new Map(Object.entries(values));
  const written: string[] = [];
  const sysctl: Sysctl = {
    read: (names) => Promise.resolve(new Map([...now].filter(([name]) => names.includes(name)))),
    write(changes) {
      const complaints: string[] = [];
      for (const [name, value] of changes) {
        written.push(`${name}=${value}`);
        if (refused.includes(name)) complaints.push(`permission denied on key "${name}"`);
        else now.set(name, value);
      }
      return Promise.resolve(complaints);
    },
  };
  return { sysctl, written };
}

async function tune(wanted: readonly WantedSysctl[], sysctl: Sysctl): Promise<readonly string[]> {
  const { log, lines } = recordingLog();
  await tuneConntrack({ wanted, sysctl, log });
  return lines;
}

Deno.test("What is as wanted already is not written", async () => {
  const { sysctl, written } = kernel({ a: "1", b: "9" });
  const wanted = [{ name: "a", value: 1 }, { name: "b", value: 5, higher: "good" as const }];
  assert.deepEqual(await tune(wanted, sysctl), []);
  assert.deepEqual(written, []);
});

Deno.test("What differs is written, the limit also when it becomes lower, and said in one line", async () => {
  const { sysctl, written } = kernel({ a: "1", b: "9" });
  const wanted = [{ name: "a", value: 2 }, { name: "b", value: 5, higher: "tolerable" as const }];
  assert.deepEqual(await tune(wanted, sysctl), ["INFO  Set kernel parameters a=2 b=5"]);
  assert.deepEqual(written, ["a=2", "b=5"]);
});

Deno.test("What cannot be written is one warning with what would help, and the rest is written", async () => {
  const { sysctl } = kernel({ a: "1", b: "1", c: "9" }, ["a", "c"]);
  const wanted = [
    { name: "a", value: 2 },
    { name: "b", value: 2 },
    { name: "c", value: 5, higher: "tolerable" as const },
  ];
  const [done, warning, ...more] = await tune(wanted, sysctl);
  assert.equal(done, "INFO  Set kernel parameters b=2");
  assert.match(warning ?? "", /^WARN .*--init-only.* values="a is 1, not 2" reason=.*denied/);
  assert.deepEqual(more, []);
});

Deno.test("Parameters that the kernel does not have are a matter of its module", async () => {
  const { sysctl, written } = kernel({});
  const [warning] = await tune([{ name: "a", value: 2 }], sysctl);
  assert.match(warning ?? "", /^WARN .*load the kernel module nf_conntrack values="a is missing/);
  assert.deepEqual(written, []);
});

Deno.test("Without the program, one warning says what to install", async () => {
  const failing = () => Promise.reject(new Error('install the package "procps"'));
  const lines = await tune([{ name: "a", value: 1 }], { read: failing, write: failing });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /^WARN .*procps/);
});

Deno.test("With nothing wanted, nothing is run", async () => {
  const failing = () => Promise.reject(new Error("run"));
  assert.deepEqual(await tune([], { read: failing, write: failing }), []);
});
