import { type ProcessOptions, type ProcessResult, runProcess } from "../../backends/process.ts";
import { AgentLink } from "./agent_link.ts";
import { Flow } from "./flow.ts";
import type { FlowTarget, Outcome, Transport } from "./protocol.ts";

/** How a client connects. */
export interface ConnectOptions {
  /** @default {"TCP"} */
  readonly protocol?: Transport;
  /** Milliseconds after which a silent peer counts as `timeout`. @default {400} */
  readonly timeoutMs?: number;
  readonly sourceAddress?: string;
  readonly sourcePort?: number;
}

/** How a server listens. */
export interface ServeOptions {
  /** @default {"TCP"} */
  readonly protocol?: Transport;
  /** @default the addresses of the namespace */
  readonly addresses?: readonly string[];
  /** What it answers. @default the name of the namespace */
  readonly name?: string;
}

/** What {@linkcode Namespace} is made of. */
export interface NamespaceParts {
  readonly name: string;
  readonly addresses: readonly string[];
  /** The process that holds the namespace. */
  readonly holder: Deno.ChildProcess;
  /** The command that enters it: a prefix for any other command. */
  readonly enter: readonly string[];
}

/** Milliseconds for a command in a namespace that sets no limit of its own. */
const COMMAND_TIMEOUT_MS = 30_000;

/** A network namespace of a lab: the node, a pod or a client. */
export class Namespace {
  readonly name: string;
  readonly addresses: readonly string[];
  /** A process inside, for `ip link set … netns PID`. */
  readonly pid: number;
  readonly #holder: Deno.ChildProcess;
  readonly #enter: readonly string[];
  readonly #children = new Set<Deno.ChildProcess>();
  #agent: AgentLink | undefined;
  #lastFlow = 0;

  constructor(parts: NamespaceParts) {
    this.name = parts.name;
    this.addresses = parts.addresses;
    this.pid = parts.holder.pid;
    this.#holder = parts.holder;
    this.#enter = parts.enter;
  }

  /** Runs a command inside and collects its output; a non-zero exit code is a result, not an error. */
  exec(
    command: string,
    args: readonly string[],
    options: Partial<ProcessOptions> = {},
  ): Promise<ProcessResult> {
    const [program, ...rest] = this.command(command, args);
    return runProcess(program, rest, { timeoutMs: COMMAND_TIMEOUT_MS, ...options });
  }

  /** Runs a command inside and returns its standard output. Throws with its message when it fails. */
  async output(
    command: string,
    args: readonly string[],
    options: Partial<ProcessOptions> = {},
  ): Promise<string> {
    const result = await this.exec(command, args, options);
    if (result.code === 0) return result.stdout;
    const what = [command, ...args].join(" ");
    throw new Error(`Cannot run "${what}" in "${this.name}": ${result.stderr.trim()}`);
  }

  /** Starts a command inside; it is killed when the namespace closes, if it still runs then. */
  spawn(command: string, args: readonly string[], options: Deno.CommandOptions = {}) {
    const [program, ...rest] = this.command(command, args);
    const child = new Deno.Command(program, { ...options, args: rest }).spawn();
    this.#children.add(child);
    void child.status.then(() => this.#children.delete(child));
    return child;
  }

  /** Returns the command line that runs `command` inside. */
  command(command: string, args: readonly string[]): [program: string, ...args: string[]] {
    return [...this.#enter, command, ...args] as [string, ...string[]];
  }

  /** Starts a server that answers with its name and the peer it sees, on every address of the namespace. */
  async serve(port: number, options: ServeOptions = {}): Promise<void> {
    const { protocol = "TCP", addresses = this.addresses, name = this.name } = options;
    const requests = addresses.map((address) =>
      this.#link().ask({ op: "serve", name, address, port, protocol })
    );
    await Promise.all(requests);
  }

  /** Stops a server that {@linkcode Namespace.serve} started, and cuts its connections. */
  async unserve(port: number, options: Omit<ServeOptions, "name"> = {}): Promise<void> {
    const { protocol = "TCP", addresses = this.addresses } = options;
    const requests = addresses.map((address) =>
      this.#link().ask({ op: "unserve", address, port, protocol })
    );
    await Promise.all(requests);
  }

  /** Opens one new flow, asks who answers and closes it. */
  async connect(address: string, port: number, options: ConnectOptions = {}): Promise<Outcome> {
    const [outcome] = await this.connectMany(address, port, 1, options);
    return outcome ?? { result: "timeout" };
  }

  /** Does what {@linkcode Namespace.connect} does `count` times, `parallel` at a time (1 unless given). */
  async connectMany(
    address: string,
    port: number,
    count: number,
    options: ConnectOptions & { readonly parallel?: number } = {},
  ): Promise<readonly Outcome[]> {
    const { parallel = 1, ...rest } = options;
    const target = targetOf(address, port, rest);
    return await this.#link().ask({ op: "connect", target, count, parallel });
  }

  /** Opens a flow and keeps it: a TCP connection, or a UDP socket whose datagrams share their five-tuple. */
  async open(address: string, port: number, options: ConnectOptions = {}): Promise<Flow> {
    const link = this.#link();
    const flow = ++this.#lastFlow;
    const [first] = await link.ask({ op: "open", flow, target: targetOf(address, port, options) });
    return new Flow(link, flow, first ?? { result: "timeout" });
  }

  /** Ends everything that runs inside, and the namespace with it. */
  async close(): Promise<void> {
    for (const child of this.#children) killQuietly(child);
    await Promise.all([...this.#children].map((child) => child.status));
    await this.#agent?.close();
    killQuietly(this.#holder);
    await this.#holder.stdin.close().catch(() => {});
    await this.#holder.status;
  }

  /** The agent inside, started when it is first needed. */
  #link(): AgentLink {
    return this.#agent ??= new AgentLink(this.#startAgent());
  }

  #startAgent(): Deno.ChildProcess {
    const script = new URL("./agent.ts", import.meta.url).href;
    const flags = ["--no-prompt", "--no-config", "--no-lock", "--no-remote", "--no-check"];
    const args = ["run", ...flags, "--allow-net", "--allow-ffi", script];
    const [program, ...rest] = this.command(Deno.execPath(), args);
    const streams = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    return new Deno.Command(program, { args: rest, ...streams }).spawn();
  }
}

function targetOf(address: string, port: number, options: ConnectOptions): FlowTarget {
  return { protocol: "TCP", timeoutMs: 400, ...options, address, port };
}

function killQuietly(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch { /* it has ended by itself */ }
}
