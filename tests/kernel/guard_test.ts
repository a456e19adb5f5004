import assert from "node:assert/strict";
import { spawnedNft } from "../../backends/nftables/nft.ts";
import { NftablesBackend } from "../../backends/nftables/nftables_backend.ts";
import { NftSession } from "../../backends/nftables/nft_session.ts";
import { RulesetWatch } from "../../backends/nftables/ruleset_watch.ts";
import { withSession } from "../../backends/nftables/session_nft.ts";
import { watchedNft } from "../../backends/nftables/watched_nft.ts";
import { runProcess } from "../../backends/process.ts";
import { advance } from "../../model/advance.ts";
import { systemClock } from "../../model/clock.ts";
import { type DesiredState, emptyState } from "../../model/desired_state.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import type { ClusterObject } from "../../model/objects.ts";
import { flushRules, kernelTest, nft } from "../support/kernel.ts";
import { service, settings, slice, snapshotOf } from "../support/objects.ts";

/** Rules of weir's in this namespace, with somebody who listens to what happens to them. */
class Stage implements AsyncDisposable {
  readonly heard: string[] = [];
  readonly watch = new RulesetWatch({ clock: systemClock });
  readonly #session = new NftSession();
  readonly #backends = new Map(FAMILIES.map((family) => {
    const nft = watchedNft(withSession(spawnedNft(), this.#session), family, this.watch);
    return [family, new NftablesBackend(family, { nft, clock: systemClock })];
  }));
  readonly #states = new Map<Family, DesiredState>();
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  /** Programs a Service, and returns when somebody listens. */
  static async create(): Promise<Stage> {
    await flushRules();
    const stage = new Stage();
    await stage.program([service("web"), slice("web", ["10.244.1.5", "10.244.1.6"])]);
    for (const family of FAMILIES) stage.watch.follow(family);
    stage.#running = stage.watch.run({
      listening() {},
      changed: ({ family, what }) => stage.heard.push(`${family}: ${what}`),
      missed: () => stage.heard.push("missed"),
      deaf: (error) => stage.heard.push(error.message),
    }, stage.#stop.signal);
    await stage.#begun();
    return stage;
  }

  async program(objects: readonly ClusterObject[], full = false): Promise<void> {
    for (const [family, backend] of this.#backends) {
      const current = settings({}, family);
      const previous = this.#states.get(family) ?? emptyState(family, current);
      const transition = advance(previous, {
        snapshot: snapshotOf(...objects),
        settings: current,
        services: "all",
      });
      await backend.apply(transition, { full });
      this.#states.set(family, transition.next);
    }
  }

  /** Returns what was heard up to now. */
  async upToNow(): Promise<readonly string[]> {
    const isSign = (one: string) => one.endsWith("add counter, delete counter");
    for (let tries = 0; !this.heard.some(isSign); tries++) {
      assert.ok(tries < 100, `Waited in vain for a sign: ${this.heard.join("; ")}`);
      await nft("add table ip6 weir; add counter ip6 weir now; delete counter ip6 weir now");
      await systemClock.sleep(100);
    }
    return this.heard.splice(0).filter((one) => !isSign(one));
  }

  /** Returns when somebody listens. */
  async #begun(): Promise<void> {
    for (let tries = 0; this.heard.length === 0; tries++) {
      assert.ok(tries < 500, "Nobody listens");
      await nft("add counter ip6 weir begun; delete counter ip6 weir begun");
      await systemClock.sleep(20);
    }
    await this.upToNow();
    this.heard.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#session.close();
  }
}

/** What iptables-nft-restore gets. */
const RESTORED = "*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -d 192.0.2.8 -j ACCEPT\nCOMMIT\n";

/** Commands that somebody may give, line by line for nft or for a program that is named. */
const DEEDS: readonly { does: string; by: readonly string[][]; heard: readonly RegExp[] }[] = [
  {
    does: "deletes one element",
    by: [["nft", "delete element ip weir tcp-endpoints { 10.96.0.10 . 80 . 1 }"]],
    heard: [/^IPv4: delete element$/],
  },
  {
    does: "adds an element to a verdict map",
    by: [["nft", "add element ip weir service-ips { 10.9.9.9 . tcp . 80 : goto tcp-lb-2 }"]],
    heard: [/^IPv4: add element$/],
  },
  {
    does: "flushes a map",
    by: [["nft", "flush map ip weir tcp-endpoints"]],
    heard: [/^IPv4: 2 x delete element$/],
  },
  {
    does: "flushes a chain",
    by: [["nft", "flush chain ip6 weir services"]],
    heard: [/^IPv6: 3 x delete rule$/],
  },
  {
    does: "inserts a rule",
    by: [["nft", "insert rule ip weir services drop"]],
    heard: [/^IPv4: insert rule$/],
  },
  {
    does: "adds a chain that drops everything",
    by: [["nft", "add chain ip weir bad { type filter hook output priority 0; policy drop; }"]],
    heard: [/^IPv4: add chain$/],
  },
  {
    does: "puts the table to sleep",
    by: [["nft", "add table ip weir { flags dormant; }"]],
    heard: [/^IPv4: add table$/],
  },
  {
    does: "deletes the table",
    by: [["nft", "delete table ip weir"]],
    heard: [/^IPv4: .*, delete table$/],
  },
  {
    does: "flushes everything",
    by: [["nft", "flush ruleset"]],
    heard: [/^IPv4: .*, delete table$/, /^IPv6: .*, delete table$/],
  },
  {
    does: "changes tables that are not weir's",
    by: [
      ["nft", "add table ip weird; add chain ip weird weir; add set ip weird s { type mark; }"],
      ["nft", "add element ip weird s { 1, 2, 3 }"],
      ["nft", "add table inet weir; add chain inet weir services; flush chain inet weir services"],
      ["nft", "delete table ip weird; delete table inet weir"],
      ["iptables-nft-restore"],
    ],
    heard: [],
  },
];

for (const { does, by, heard } of DEEDS) {
  kernelTest(`Who ${does} is ${heard.length > 0 ? "" : "not "}heard`, async () => {
    await using stage = await Stage.create();
    for (const [program = "", ...args] of by) {
      const result = await runProcess(program, args, { timeoutMs: 30_000, stdin: [RESTORED] });
      assert.equal(result.code, 0, result.stderr);
    }
    const got = (await stage.upToNow()).toSorted();
    assert.equal(got.length, heard.length, got.join("; "));
    for (const [index, want] of heard.entries()) assert.match(got[index] ?? "", want);
  });
}

kernelTest("What weir does itself is not heard, be it small, large or full", async () => {
  await using stage = await Stage.create();
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => `10.244.${index >> 8}.${index & 255}`);
  for (const count of [1, 3, 500, 2, 5_000, 4]) {
    await stage.program([service("web"), slice("web", many(count))]);
  }
  await stage.program([service("web"), slice("web", many(5))], true);
  await stage.program([service("web", { sessionAffinity: "ClientIP" }), slice("web", many(5))]);
  await stage.program([service("web"), slice("web", many(3))], true);
  assert.deepEqual(await stage.upToNow(), []);
});

kernelTest(
  "Who changes something while weir is at work is heard, however the two meet",
  async () => {
    await using stage = await Stage.create();
    const endpoints = ["10.244.1.5", "10.244.1.6", "10.244.1.7"];
    for (let round = 0; round < 20; round++) {
      await Promise.all([
        stage.program([service("web"), slice("web", endpoints.slice(round % 2))]),
        nft("add rule ip weir reject-chain reject"),
      ]);
    }
    assert.equal((await stage.upToNow()).length, 20);
  },
);
