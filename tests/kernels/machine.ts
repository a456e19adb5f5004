/** What a machine is made of. */
export interface MachineOptions {
  readonly kernel: string;
  readonly initramfs: string;
  /** Takes each line that the machine writes to its second serial port. */
  readonly onLine: (line: string) => void;
  /** The file for what it writes to its console. */
  readonly console: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** The program that is the machine. */
export const QEMU = "qemu-system-x86_64";

const MEMORY_MIB = 4096;

/**
 * What the kernel is told. The machine ends when `init` does, or when the kernel panics: it would start again, and
 * qemu has `-no-reboot`. The code against faults of processors would only take time here.
 */
const KERNEL_ARGUMENTS = [
  "console=ttyS0",
  "quiet",
  "panic=-1",
  "mitigations=off",
  "random.trust_cpu=on",
  "tsc=reliable",
  "audit=0",
];

/**
 * Its clock goes by the instructions that its processor executes (1 a nanosecond), and jumps when that has nothing to do:
 * inside, an emulated machine is as fast as a real one, timeouts mean what they mean elsewhere, and it does not notice when
 * it is stopped for a while. With a second processor such a machine hangs as it starts.
 */
const CLOCK = ["-icount", "shift=0,sleep=off", "-rtc", "clock=vm"];

/** Starts a machine, and waits until it ends. Rejects when it takes too long or the signal comes; it is gone then. */
export async function runMachine(options: MachineOptions): Promise<void> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  signal.throwIfAborted();
  const child = new Deno.Command(QEMU, {
    args: commandLine(options),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const kill = () => child.kill("SIGKILL");
  signal.addEventListener("abort", kill);
  try {
    const complaints = new Response(child.stderr).text();
    await readLines(child.stdout, options.onLine);
    const { code } = await child.status;
    signal.throwIfAborted();
    if (code !== 0) throw new Error(`"${QEMU}" failed: ${(await complaints).trim()}`);
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

function commandLine({ kernel, initramfs, console }: MachineOptions): string[] {
  return [
    "-nodefaults",
    "-no-user-config",
    "-no-reboot",
    ...["-display", "none"],
    ...["-accel", "tcg,tb-size=1024"],
    ...["-cpu", "max"],
    ...["-m", `${MEMORY_MIB}`],
    ...CLOCK,
    ...["-kernel", kernel],
    ...["-initrd", initramfs],
    ...["-append", KERNEL_ARGUMENTS.join(" ")],
    ...["-serial", `file:${console}`],
    ...["-serial", "stdio"],
  ];
}

async function readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  }
}
