import assert from "node:assert/strict";
import { configText } from "../config/config_text.ts";
import { flushRules, kernelTest, nft } from "../support/kernel.ts";
import { projectPath, WeirProcess } from "../support/weir_process.ts";

/** A folder as the kubelet mounts a ConfigMap: `config.conf` leads over `..data`, which is swapped as a whole. */
class ConfigMapVolume implements AsyncDisposable {
  readonly #path: string;
  #version = 0;

  private constructor(path: string) {
    this.#path = path;
  }

  static async create(text: string): Promise<ConfigMapVolume> {
    const volume = new ConfigMapVolume(await Deno.makeTempDir({ prefix: "weir-config-" }));
    await volume.update(text);
    await Deno.symlink("..data/config.conf", volume.file);
    return volume;
  }

  get file(): string {
    return `${this.#path}/config.conf`;
  }

  /** Writes a new version beside the old one and swaps the link, in the kubelet's order. */
  async update(text: string): Promise<void> {
    const version = `..2026_${++this.#version}`;
    await Deno.mkdir(`${this.#path}/${version}`);
    await Deno.writeTextFile(`${this.#path}/${version}/config.conf`, text);
    await Deno.symlink(version, `${this.#path}/..data_tmp`);
    await Deno.rename(`${this.#path}/..data_tmp`, `${this.#path}/..data`);
    const old = `${this.#path}/..2026_${this.#version - 1}`;
    if (this.#version > 1) await Deno.remove(old, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#path, { recursive: true });
  }
}

/** A configuration that is told from others by the range of its pods. */
function config(clusterCIDR: string, more = ""): string {
  return configText(
    `mode: nftables\nhostnameOverride: demo-node\nclusterCIDR: ${clusterCIDR}\nconntrack: {maxPerCore: 0}\n${more}`,
  );
}

/** Starts weir on the examples and waits for its rules. */
async function start(file: string): Promise<WeirProcess> {
  await flushRules();
  const weir = new WeirProcess(["--config", file, "--manifests", projectPath("examples")]);
  await weir.logged(/Synced family=IPv4/);
  return weir;
}

async function rules(): Promise<string> {
  return await nft("list", "table", "ip", "weir");
}

/** Looks at the rules again and again while `change` is under way: at no moment is there a Service without any. */
async function whileServing(change: () => Promise<void>): Promise<void> {
  let done = false;
  let looks = 0;
  const looking = (async () => {
    while (!done) {
      const now = await rules();
      assert.match(now, /10\.96\.0\.10 \. 80 \. 1 : 10\.244\.2\.6 \. 8080/);
      assert.match(now, /hook prerouting/);
      looks++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  try {
    await change();
  } finally {
    done = true;
    await looking;
  }
  assert.ok(looks > 0);
}

async function metric(name: string, port = 10249): Promise<string | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  return new RegExp(`^${name} (.*)$`, "m").exec(await response.text())?.[1];
}

kernelTest(
  "A swapped ConfigMap is refused when it is bad, and taken over when it is good, under live rules",
  async () => {
    await using volume = await ConfigMapVolume.create(config("10.244.0.0/16"));
    await using weir = await start(volume.file);
    await whileServing(async () => {
      await volume.update(config("10.245.0.0/16", "oomScoreAdj: 5000\nbindAddress: foo"));
      await weir.logged(/refused.*bindAddress \(line 8\).*|refused.*oomScoreAdj \(line 7\)/);
      assert.match(weir.log, /oomScoreAdj.*bindAddress/, "every problem is named");
      assert.match(await rules(), /10\.244\.0\.0\/16/);
      assert.equal(await metric("weir_config_last_reload_successful"), "0");
      assert.equal((await fetch("http://127.0.0.1:10256/livez").then(discarded)).status, 200);

      await volume.update(config("10.246.0.0/16", "metricsBindAddress: 127.0.0.1:11249"));
      const taken = async () => (await rules()).includes("10.246.0.0/16");
      await weir.until(taken, "the rules of the new configuration");
      assert.doesNotMatch(await rules(), /10\.24[45]\.0\.0\/16/);
      assert.equal(await metric("weir_config_last_reload_successful", 11249), "1");
      await assert.rejects(fetch("http://127.0.0.1:10249/metrics"), "the old address is free");
    });
    assert.equal(await weir.end(), 0);
    assert.match(await rules(), /10\.246\.0\.0\/16/, "the rules stay");
  },
);

kernelTest(
  "A file that is written in place or replaced is taken over, one that goes away is not missed",
  async () => {
    const dir = await Deno.makeTempDir({ prefix: "weir-config-" });
    const file = `${dir}/config.conf`;
    try {
      await Deno.writeTextFile(file, config("10.244.0.0/16"));
      await using weir = await start(file);
      const taken = (range: string) => async () => (await rules()).includes(range);
      await Deno.writeTextFile(file, config("10.245.0.0/16"));
      await weir.until(taken("10.245.0.0/16"), "the file that was written");
      await Deno.writeTextFile(`${file}~`, config("10.246.0.0/16"));
      await Deno.rename(`${file}~`, file);
      await weir.until(taken("10.246.0.0/16"), "the file that was renamed");
      await Deno.remove(file);
      await weir.logged(/refused.*Cannot read the configuration/);
      assert.ok(await taken("10.246.0.0/16")());
      await Deno.writeTextFile(file, config("10.246.0.0/16"));
      await weir.logged(/is the one in force/);
      assert.equal(await weir.end(), 0);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);

async function discarded(response: Response): Promise<Response> {
  await response.body?.cancel();
  return response;
}
