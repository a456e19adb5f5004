import { fileURLToPath } from "node:url";
import type { Namespace } from "../../cli/demo/lab.ts";

/** A service proxy that can be put to the test. */
export interface ProxyProgram {
  readonly name: "kube-proxy" | "weir";
  /** Returns the command that runs it with a configuration file. */
  command(config: string): Promise<readonly string[]>;
}

const ROOT = new URL("../../", import.meta.url);

/** Kubernetes' own, from the folder with its binaries. */
export function kubeProxy(binaries: string): ProxyProgram {
  const command = (config: string) =>
    Promise.resolve([`${binaries}/kube-proxy`, "--config", config]);
  return { name: "kube-proxy", command };
}

/** This checkout, with the permissions of the task `start` and none besides. */
export const weir: ProxyProgram = {
  name: "weir",
  async command(config) {
    const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
    const flags = (tasks.start as string).split(" ").filter((word) => word.startsWith("--"));
    const main = fileURLToPath(new URL("main.ts", ROOT));
    return [Deno.execPath(), "run", ...flags, main, "--config", config];
  },
};

/** A proxy that runs on the node of a lab, with its output in a file. */
export class RunningProxy {
  readonly #child: Deno.ChildProcess;
  readonly #name: string;
  readonly #log: string;
  #ended = false;

  private constructor(child: Deno.ChildProcess, name: string, log: string) {
    this.#child = child;
    this.#name = name;
    this.#log = log;
    void child.status.then(() => this.#ended = true);
  }

  /** Starts `program` on `node`. Its output is added to the file `log`. */
  static async start(
    program: ProxyProgram,
    node: Namespace,
    files: { readonly config: string; readonly log: string },
  ): Promise<RunningProxy> {
    const command = await program.command(files.config);
    const script = 'log=$1; shift; exec "$@" >>"$log" 2>&1';
    const args = ["-c", script, program.name, files.log, ...command];
    const streams = { stdin: "null", stdout: "null", stderr: "null" } as const;
    return new RunningProxy(node.spawn("sh", args, streams), program.name, files.log);
  }

  /** Throws with the end of its log when it has ended. */
  async assertAlive(): Promise<void> {
    if (this.#ended) throw new Error(`${this.#name} has ended:\n${await this.logTail()}`);
  }

  /** Ends it. Its rules stay in force. */
  async stop(): Promise<void> {
    if (!this.#ended) this.#child.kill("SIGTERM");
    await this.#child.status;
  }

  /** Returns the last lines of what it has said. */
  async logTail(): Promise<string> {
    const text = await Deno.readTextFile(this.#log).catch(() => "");
    return text.trimEnd().split("\n").slice(-12).join("\n");
  }
}
