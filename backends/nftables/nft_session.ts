import { ProcessTree } from "../process_tree.ts";
import { NftError, nftFailure } from "./nft_error.ts";

/** Milliseconds that a transaction may take. */
const TIMEOUT_MS = 10_000;

/** Transactions after which the process is replaced: it grows by 0.7 kB with each. */
const LIFETIME = 5_000;

/** What a session works with. */
export interface NftSessionOptions {
  /** The command line that starts it. @default {["nft", "-i"]} */
  readonly command?: readonly string[];
  readonly timeoutMs?: number;
}

/**
 * A long-lived `nft -i`, for small transactions: half a millisecond each, where a process of its own takes 12.
 *
 * A line of its standard input is one atomic transaction. After it comes a line that no nft understands: when the
 * complaint about that one arrives on standard error, everything before it is done, and what arrived before the
 * complaint is what nft had against the transaction.
 */
export class NftSession {
  readonly #command: readonly string[];
  readonly #timeoutMs: number;
  #process: SessionProcess | undefined;

  constructor({ command = ["nft", "-i"], timeoutMs = TIMEOUT_MS }: NftSessionOptions = {}) {
    this.#command = command;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Runs `script` as one transaction. One at a time: call it again only when the promise is settled.
   *
   * Rejects with {@linkcode NftError} when nft refuses it, and when it does not answer: then the process is killed, and
   * nobody knows whether the transaction took effect.
   */
  async apply(script: string): Promise<void> {
    if (this.#process?.isSpent) await this.close();
    this.#process ??= new SessionProcess(this.#command);
    const answer = await this.#answer(this.#process, oneLine(script));
    if (answer === "") return;
    const result = { code: 1, stdout: "", stderr: answer, timedOut: false };
    throw nftFailure("apply a transaction", result, this.#timeoutMs);
  }

  /** Ends the process, if there is one. */
  async close(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    await process?.end();
  }

  async #answer(process: SessionProcess, line: string): Promise<string> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new NftError(`nft gave no answer within ${this.#timeoutMs / 1000} s`)),
        this.#timeoutMs,
      );
    });
    try {
      return await Promise.race([process.ask(line), late]);
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Puts the statements of a script into one line, which nft takes as one transaction. */
function oneLine(script: string): string {
  return script.trimEnd().replaceAll("\n ", " ").replaceAll("\n", "; ");
}

/** A running `nft -i`. */
class SessionProcess {
  readonly #tree: ProcessTree;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  #asked = 0;
  #text = "";
  #ended = false;
  #wake: (() => void) | undefined;

  constructor([program = "", ...args]: readonly string[]) {
    try {
      this.#tree = new ProcessTree(program, { args, stdin: "piped", stdout: "null" });
    } catch (cause) {
      throw new NftError(`Cannot start a session: the program "${program}" cannot be run`, {
        cause,
      });
    }
    this.#input = this.#tree.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** True when it has done enough. */
  get isSpent(): boolean {
    return this.#ended || this.#asked >= LIFETIME;
  }

  /** Writes a line and returns what nft has against it. */
  async ask(line: string): Promise<string> {
    // Before its first line nft complains about a terminal that it does not know: that is against nothing.
    if (this.#asked === 0) await this.#ask("");
    return await this.#ask(line);
  }

  async #ask(line: string): Promise<string> {
    const mark = `weir-mark-${++this.#asked}`;
    this.#text = "";
    await this.#input.write(new TextEncoder().encode(`${line}\n${mark}\n`));
    let complaint;
    while ((complaint = complaintAbout(mark, this.#text)) < 0) {
      if (this.#ended) throw new NftError("nft ended in the middle of a session");
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#text.slice(0, complaint);
  }

  async end(): Promise<void> {
    await this.#tree.kill();
    await this.#input.close().catch(() => {});
    await this.#reading;
    await this.#tree[Symbol.asyncDispose]();
  }

  async #read(): Promise<void> {
    for await (const text of this.#tree.stderr()) {
      this.#text += text;
      this.#wake?.();
    }
    this.#ended = true;
    this.#wake?.();
  }
}

/**
 * Returns where in `text` the complaint about `mark` begins, or -1 while it is not complete: three lines, of which the
 * second is the mark and the third points at it.
 */
function complaintAbout(mark: string, text: string): number {
  const at = text.indexOf(`${mark}\n`);
  if (at < 0 || !text.endsWith("\n") || text.length === at + mark.length + 1) return -1;
  return text.lastIndexOf("\n", at - 2) + 1;
}
