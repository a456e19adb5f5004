import { load } from "js-yaml";
import { projectPath } from "../support/weir_process.ts";
import { defaultSeccomp } from "./seccomp.ts";

/** What a container is given beside what the DaemonSet says. */
export interface ContainerOptions {
  /** The root file system of the image. */
  readonly root: string;
  /** The image's entry point and environment. */
  readonly image: ImageConfig;
  /** A folder to write to. */
  readonly dir: string;
  /** What is mounted, read-only: path in the container → path here. */
  readonly mounts: Readonly<Record<string, string>>;
  /** Values for what the cluster would fill in. */
  readonly env: Readonly<Record<string, string>>;
}

/** The part of an image's configuration that matters here (OCI image specification). */
export interface ImageConfig {
  readonly Entrypoint: readonly string[];
  readonly Env: readonly string[];
}

/** The parts of a Pod that matter here. */
interface ContainerSpec {
  readonly args: readonly string[];
  readonly securityContext: {
    readonly runAsUser: number;
    readonly runAsGroup: number;
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: { readonly drop: readonly string[]; readonly add: readonly string[] };
    readonly seccompProfile: { readonly type: string };
  };
  readonly resources: { readonly requests: { readonly cpu: string; readonly memory: string } };
}

/** Reads how the DaemonSet in deploy/ has weir run. */
export async function containerSpec(): Promise<ContainerSpec> {
  const file = await Deno.readTextFile(projectPath("deploy/base/daemonset.yaml"));
  const { spec } = load(file) as {
    spec: { template: { spec: { containers: [ContainerSpec] } } };
  };
  return spec.template.spec.containers[0];
}

/** A container of weir in this network namespace, made by crun from what the DaemonSet in deploy/ says. */
export class Container implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #name: string;
  readonly #reading: Promise<void>;
  #ended = false;
  /** What it has logged. */
  log = "";

  private constructor(child: Deno.ChildProcess, name: string) {
    this.#child = child;
    this.#name = name;
    this.#reading = this.#read();
    void child.status.then(() => this.#ended = true);
  }

  /** Starts it. */
  static async start(options: ContainerOptions): Promise<Container> {
    const { dir } = options;
    await Deno.writeTextFile(`${dir}/config.json`, JSON.stringify(await specification(options)));
    const name = `weir-${crypto.randomUUID()}`;
    const child = new Deno.Command("crun", {
      args: ["--cgroup-manager=disabled", "run", `--bundle=${dir}`, name],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    return new Container(child, name);
  }

  /** Resolves when `condition` holds. Rejects with the log when the container ends before, or after a minute. */
  async until(condition: () => Promise<boolean>, what: string): Promise<void> {
    const end = performance.now() + 60_000;
    while (!await condition()) {
      if (this.#ended || performance.now() > end) {
        throw new Error(`Waited in vain for ${what}:\n${this.log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The id of its process, as it is seen from here. */
  async pid(): Promise<number> {
    const { stdout } = await new Deno.Command("crun", { args: ["state", this.#name] }).output();
    return JSON.parse(new TextDecoder().decode(stdout)).pid;
  }

  /** Asks it to end, as kubelet does, and returns the exit code. */
  async end(): Promise<number> {
    await new Deno.Command("crun", { args: ["kill", this.#name, "TERM"] }).output();
    const { code } = await this.#child.status;
    await this.#reading;
    return code;
  }

  async #read(): Promise<void> {
    const text = this.#child.stderr.pipeThrough(new TextDecoderStream());
    for await (const chunk of text) this.log += chunk;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    await new Deno.Command("crun", { args: ["delete", "--force", this.#name] }).output();
    await this.#child.status;
    await this.#reading;
  }
}

/** Writes the DaemonSet's container as kubelet and containerd do it (OCI runtime specification). */
async function specification({ root, image, mounts, env }: ContainerOptions): Promise<object> {
  const { args, securityContext } = await containerSpec();
  const { runAsUser, runAsGroup, capabilities, readOnlyRootFilesystem } = securityContext;
  const granted = capabilities.add.map((name) => `CAP_${name}`);
  return {
    ociVersion: "1.0.2",
    process: {
      user: { uid: runAsUser, gid: runAsGroup },
      cwd: "/",
      args: [...image.Entrypoint, ...args.map((arg) => expand(arg, env))],
      env: [...image.Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
      capabilities: { bounding: granted, effective: granted, permitted: granted },
      noNewPrivileges: !securityContext.allowPrivilegeEscalation,
    },
    root: { path: root, readonly: readOnlyRootFilesystem },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"] },
      { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "ro"] },
      ...Object.entries(mounts).map(([destination, source]) => ({
        destination,
        type: "bind",
        source,
        options: ["bind", "ro"],
      })),
    ],
    linux: {
      namespaces: ["pid", "ipc", "mount"].map((type) => ({ type })), // the network is the host's
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
      maskedPaths: ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
      seccomp: await defaultSeccomp(granted),
    },
  };
}

/** Replaces `$(NAME)`, as kubelet does. */
function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\((\w+)\)/g, (whole, name: string) => env[name] ?? whole);
}
