import type { Envelope, Outcome, Reply, Request } from "./protocol.ts";

/** What an agent process must offer; a `Deno.ChildProcess` with all three streams piped is one. */
export type AgentProcess = Pick<
  Deno.ChildProcess,
  "stdin" | "stdout" | "stderr" | "status" | "kill"
>;

interface Pending {
  resolve(outcomes: readonly Outcome[]): void;
  reject(error: Error): void;
}

/** The lab's end of the line to one agent: requests out, replies matched to them by number. */
export class AgentLink {
  readonly #process: AgentProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #pending = new Map<number, Pending>();
  readonly #reading: Promise<void>;
  readonly #complaints: Promise<string>;
  #nextId = 1;
  #ended: Error | undefined;

  constructor(process: AgentProcess) {
    this.#process = process;
    this.#writer = process.stdin.getWriter();
    this.#complaints = new Response(process.stderr).text();
    this.#reading = this.#read();
  }

  /** Sends `request` and resolves with its outcomes. Rejects when the agent cannot do it, or has ended. */
  async ask(request: Request): Promise<readonly Outcome[]> {
    if (this.#ended !== undefined) throw this.#ended;
    const envelope: Envelope = { ...request, id: this.#nextId++ };
    const reply = new Promise<readonly Outcome[]>((resolve, reject) => {
      this.#pending.set(envelope.id, { resolve, reject });
    });
    // A broken pipe shows as the end of the agent's output, which rejects `reply` with the reason.
    const line = new TextEncoder().encode(`${JSON.stringify(envelope)}\n`);
    this.#writer.write(line).catch(() => {});
    return await reply;
  }

  /** Ends the agent and everything that it holds open. */
  async close(): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch { /* it has ended by itself */ }
    await this.#writer.close().catch(() => {});
    await Promise.all([this.#process.status, this.#reading]);
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const chunk of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#settle(JSON.parse(line));
    }
    const reason = (await this.#complaints).trim();
    this.#ended = new Error(`The agent ended: ${reason === "" ? "no message" : reason}`);
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.error === undefined) pending?.resolve(reply.outcomes ?? []);
    else pending?.reject(new Error(reply.error));
  }
}
