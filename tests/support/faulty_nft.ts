import { runProcess } from "../../backends/process.ts";

/**
 * What is wrong with nft:
 *
 * - `hangs`: it and a process that it has started do nothing, for ever
 * - `refuses once`, `refuses`: an error of the kernel's, for the next process or for all of them
 * - `no memory`: it may have so little that a large transaction does not fit
 * - `killed`: it reads a transaction and is killed, as by the kernel when memory runs out
 * - `waits`: a transaction is read to {@linkcode BEGINNING}, and given to nft when the fault is taken away; what nft says
 *   is in the file `output`
 */
export type NftFault = "hangs" | "refuses once" | "refuses" | "no memory" | "killed" | "waits";

/** Prints the numbers and command lines of those of its arguments that run. */
const COMMAND_LINES =
  `for pid do echo "$pid $(tr '\\0' ' ' < /proc/$pid/cmdline 2> /dev/null) "; done`;

/** Kilobytes of address space: enough for nft to start, and too little for thousands of elements. */
const LITTLE_MEMORY = 32_000;

/** Bytes of a transaction that are read before it waits. */
const BEGINNING = 100_000;

const SCRIPT = `#!/bin/sh
dir=\${0%/*}
echo $$ >> "$dir/pids"
fault=
[ -e "$dir/fault" ] && read -r fault < "$dir/fault"
# Who only listens has no fault.
case "$*" in *monitor) fault= ;; esac
error="Error: Could not process rule: Cannot allocate memory"
case "$fault" in
  hangs) sleep 1000 & echo $! >> "$dir/pids"; wait ;;
  "refuses once") rm "$dir/fault"; echo "$error" >&2; exit 1 ;;
  refuses) echo "$error" >&2; exit 1 ;;
  "no memory") ulimit -v ${LITTLE_MEMORY} ;;
  killed) case "$1" in -f) cat > /dev/null; kill -KILL $$ ;; -i) kill -KILL $$ ;; esac ;;
  waits) if [ "$1" = -f ]; then
    head -c ${BEGINNING} > "$dir/begun"
    touch "$dir/waiting"
    while [ -e "$dir/fault" ]; do sleep 0.05; done
    cat "$dir/begun" - | NFT "$@" > "$dir/output" 2>&1
    exit
  fi ;;
esac
exec NFT "$@"
`;

/** A program `nft` in a folder of its own: the real one, but for a fault that can be switched on. */
export class FaultyNft implements AsyncDisposable {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async create(): Promise<FaultyNft> {
    const nft = new FaultyNft(await Deno.makeTempDir({ prefix: "weir-nft-" }));
    const { stdout } = await runProcess("sh", ["-c", "command -v nft"], { timeoutMs: 10_000 });
    await Deno.writeTextFile(nft.path, SCRIPT.replaceAll("NFT", stdout.trim()), { mode: 0o755 });
    return nft;
  }

  get path(): string {
    return `${this.dir}/nft`;
  }

  /** Puts a fault in the way of every process that begins from now on, or takes it away. */
  async set(fault: NftFault | undefined): Promise<void> {
    const file = `${this.dir}/fault`;
    if (fault === undefined) return await Deno.remove(file);
    await Deno.writeTextFile(`${file}.new`, `${fault}\n`);
    await Deno.rename(`${file}.new`, file);
  }

  /** Kills every process of it that runs, sessions above all: those that begin then have the fault. */
  async killAll(): Promise<void> {
    const alive = await this.alive();
    if (alive.length > 0) {
      await runProcess("kill", ["-KILL", ...alive], { timeoutMs: 10_000 });
    }
  }

  /** The processes of it that run, with those that they have started. */
  async alive(): Promise<readonly string[]> {
    const text = await Deno.readTextFile(`${this.dir}/pids`).catch(() => "");
    const pids = text.split("\n").filter((line) => line !== "");
    // Deno lets nobody but a process with all permissions read /proc.
    const args = ["-c", COMMAND_LINES, "sh", ...pids];
    const { stdout } = await runProcess("sh", args, { timeoutMs: 10_000 });
    const alive = stdout.split("\n")
      .filter((line) => /^\d+ (nft|\S*\/nft|sleep|\S*sh \S*\/nft) /.test(line))
      .map((line) => line.split(" ")[0] ?? "");
    return alive;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killAll();
    await Deno.remove(this.dir, { recursive: true });
  }
}
