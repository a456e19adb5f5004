import assert from "node:assert/strict";
import type { Outcome } from "../../cli/demo/lab.ts";
import { FAMILIES } from "../../model/family.ts";
import { ADDRESSES, ClusterLab, TARGET_PORT } from "../support/cluster_lab.ts";
import { FaultyNft } from "../support/faulty_nft.ts";
import { kernelTest } from "../support/kernel.ts";
import { WeirProcess } from "../support/weir_process.ts";

const WEB = "10.96.0.10";
const NEW = "10.96.0.11";
const POD_A = ADDRESSES["pod-a"][0];
const REMOTE = ADDRESSES.remote[0];

/** weir as its users run it, on the lab's node, on a folder of manifests, with an nft that can be made to fail. */
class Stage implements AsyncDisposable {
  readonly world: ClusterLab;
  readonly nft: FaultyNft;
  readonly folder: string;

  private constructor(world: ClusterLab, nft: FaultyNft, folder: string) {
    this.world = world;
    this.nft = nft;
    this.folder = folder;
  }

  static async create(): Promise<Stage> {
    const nft = await FaultyNft.create();
    const folder = await Deno.makeTempDir({ prefix: "weir-faults-" });
    const stage = new Stage(await ClusterLab.create(), nft, folder);
    await stage.write("node", {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "node-a" },
      status: { addresses: ADDRESSES.node.map((address) => ({ type: "InternalIP", address })) },
    });
    await stage.offer("web", WEB, [POD_A]);
    return stage;
  }

  /** Starts weir with only this nft to be found. Resolves when it has synced. */
  async start({ more = [] as readonly string[], path = this.nft.dir } = {}): Promise<WeirProcess> {
    const weir = this.spawn({ more, path });
    for (const family of FAMILIES) await weir.logged(`Synced family=${family}`);
    return weir;
  }

  spawn({ more = [] as readonly string[], path = this.nft.dir } = {}): WeirProcess {
    const flags = [
      `--manifests=${this.folder}`,
      "--proxy-mode=nftables",
      "--hostname-override=node-a",
      "--cluster-cidr=10.244.0.0/16",
      "--iptables-min-sync-period=0s",
      "--iptables-sync-period=1s",
      "-v=2",
    ];
    const env = { PATH: `${path}:/usr/bin:/bin` };
    return new WeirProcess([...flags, ...more], this.world.lab.node, env);
  }

  /** Writes a Service and its slice. */
  async offer(name: string, clusterIP: string, addresses: readonly string[]): Promise<void> {
    await this.write(name, {
      apiVersion: "v1",
      kind: "List",
      items: [{
        apiVersion: "v1",
        kind: "Service",
        metadata: { name },
        spec: { clusterIP, ports: [{ port: 80 }] },
      }, {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { name: `${name}-a`, labels: { "kubernetes.io/service-name": name } },
        addressType: "IPv4",
        ports: [{ port: TARGET_PORT }],
        endpoints: addresses.map((address) => ({ addresses: [address] })),
      }],
    });
  }

  async write(name: string, object: object): Promise<void> {
    await Deno.writeTextFile(`${this.folder}/.${name}`, JSON.stringify(object));
    await Deno.rename(`${this.folder}/.${name}`, `${this.folder}/${name}.json`);
  }

  /** Who answers eight connections of a pod to a cluster IP. */
  async answers(address: string): Promise<string> {
    const options = { parallel: 8, timeoutMs: 2_000 };
    const outcomes = await this.world.members["pod-b"].connectMany(address, 80, 8, options);
    return [...new Set(outcomes.map(summary))].sort().join(" ");
  }

  async sees(weir: WeirProcess, address: string, want: string): Promise<void> {
    await weir.until(async () => await this.answers(address) === want, `${address} → ${want}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
    await this.nft[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

function summary(outcome: Outcome): string {
  return outcome.result === "answered" ? outcome.server : outcome.result;
}

kernelTest(
  "While the program nft is away the last good rules stay, and when it is back all is made up for",
  async () => {
    await using stage = await Stage.create();
    await using weir = await stage.start();
    await Deno.rename(stage.nft.path, `${stage.nft.path}.away`);
    await stage.nft.killAll();
    await stage.offer("new", NEW, [REMOTE]);
    await weir.logged(
      /Cannot sync, the last good rules stay in force.*the program .* cannot be run, install/,
    );
    assert.equal(await stage.answers(WEB), "pod-a");
    await Deno.rename(`${stage.nft.path}.away`, stage.nft.path);
    await stage.sees(weir, NEW, "remote");
    assert.equal(await stage.answers(WEB), "pod-a");
  },
);

kernelTest(
  "Without the program nft weir ends and says what to install, and the rules stay",
  async () => {
    await using stage = await Stage.create();
    await using first = await stage.start();
    assert.equal(await first.end(), 0);
    await using weir = stage.spawn({ path: stage.folder });
    assert.equal(await weir.ended(), 1);
    assert.match(weir.log, /Cannot find the program .*: install nftables/);
    assert.equal(await stage.answers(WEB), "pod-a");
  },
);

kernelTest(
  "A process that is killed while it writes a transaction has changed nothing, and the next one makes up for it",
  async () => {
    await using stage = await Stage.create();
    await using first = await stage.start();
    await stage.nft.set("waits");
    // More than waits to be read: weir is killed in the middle of a statement.
    const many = Array.from(
      { length: 20_000 },
      (_, index) => `10.245.${index >> 8}.${index & 255}`,
    );
    await stage.offer("many", "10.96.0.12", many);
    await first.until(() => exists(`${stage.nft.dir}/waiting`), "the transaction");
    await stage.offer("new", NEW, [REMOTE]);
    await first.end("SIGKILL");
    await stage.nft.set(undefined);
    await first[Symbol.asyncDispose]();
    await untilRefused(`${stage.nft.dir}/output`);
    assert.equal(await stage.answers(WEB), "pod-a");
    assert.notEqual(await stage.answers(NEW), "remote");
    await using second = await stage.start();
    assert.equal(await stage.answers(WEB), "pod-a");
    await stage.sees(second, NEW, "remote");
  },
);

kernelTest(
  "A log that cannot be written, on a full disk or to nobody, holds nothing up",
  async () => {
    await using stage = await Stage.create();
    for (const [sink, pod] of [[FULL_DISK, "remote"], [FULL_PIPE, "pod-a"]] as const) {
      await using weir = new QuietWeir(stage, sink);
      await stage.offer("new", NEW, [pod === "remote" ? REMOTE : POD_A]);
      await weir.until(async () => await stage.answers(NEW) === pod);
      assert.equal(await stage.answers(WEB), "pod-a");
    }
  },
);

kernelTest("A configuration that does not fit on the disk is an error that says so", async () => {
  const folder = await Deno.makeTempDir({ prefix: "weir-full-" });
  try {
    const fill = 'mount -t tmpfs -o size=64k none "$0" && head -c 1M /dev/zero > "$0/fill"';
    const command = (program: string, args: readonly string[]): [string, ...string[]] => {
      const script = `${fill} 2> /dev/null; exec "$@"`;
      return ["unshare", "--mount", "sh", "-c", script, folder, program, ...args];
    };
    await using weir = new WeirProcess([`--write-config-to=${folder}/config.yaml`], { command });
    assert.equal(await weir.ended(), 1);
    assert.match(weir.log, /Cannot write the configuration to .*No space left on device/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Starts a program whose log is refused by a device that is full. */
const FULL_DISK = 'exec "$@" 2> /dev/full';
/** Starts a program whose log waits for a reader who never comes, behind what fills the pipe already. */
const FULL_PIPE =
  'mkfifo "$0/log" && exec 3<> "$0/log" && head -c 65536 /dev/zero >&3 && exec "$@" 2>&3';

/** weir whose log nobody reads. */
class QuietWeir implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  constructor({ world, folder, nft }: Stage, script: string) {
    const weir = [Deno.execPath(), "run", "--quiet", "-A", "main.ts"];
    const flags = [
      `--manifests=${folder}`,
      "--proxy-mode=nftables",
      "--hostname-override=node-a",
      "--cluster-cidr=10.244.0.0/16",
      "-v=9",
    ];
    this.#child = world.lab.node.spawn("sh", ["-c", script, nft.dir, ...weir, ...flags], {
      cwd: new URL("../../", import.meta.url),
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
  }

  async until(condition: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + 60_000;
    while (!await condition()) {
      assert.ok(performance.now() < end, "Waited in vain");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    const { code } = await this.#child.status;
    assert.equal(code, 0, "it ends in order all the same");
  }
}

async function exists(file: string): Promise<boolean> {
  return await Deno.stat(file).then(() => true, () => false);
}

/** Resolves when the real nft has said what it thinks of half a transaction. */
async function untilRefused(file: string): Promise<void> {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const said = await Deno.readTextFile(file).catch(() => "");
    if (/syntax error/.test(said)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`nft never refused the transaction: ${await Deno.readTextFile(file)}`);
}
