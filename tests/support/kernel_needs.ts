import { fileURLToPath } from "node:url";
import { runProcess } from "../../backends/process.ts";
import { IN_NAMESPACE } from "./kernel.ts";

/** Something that not every kernel has, or not every machine has the program for. */
export type Need = keyof typeof CHECKS;

/** How to find out, in a namespace: what is asked for is loaded by that, if it is a module. */
const CHECKS = {
  "dummy interfaces": async () =>
    await works("ip", ["link", "add", "weir-needs", "type", "dummy"]) &&
    await works("ip", ["link", "delete", "dev", "weir-needs"]),
  "IPVS and ipvsadm": () => works("ipvsadm", ["--list", "--numeric"]),
  "IP sets and ipset": () => works("ipset", ["list", "-name"]),
  "SCTP sockets": async () => await sctp(["probe"]) === "yes\n",
  "a machine of its own": () => Promise.resolve(Deno.env.get("WEIR_TEST_MACHINE") === "1"),
};

/**
 * Registers a test that changes the kernel's rules, and needs more than weir does. Where that is missing, the test is left
 * out, and its line says why; `deno task test:kernels` has kernels with all of it.
 */
export async function kernelTestWith(
  needs: readonly Need[],
  name: string,
  run: () => Promise<void>,
): Promise<void> {
  const missing: string[] = [];
  for (const need of needs) if (IN_NAMESPACE && !await CHECKS[need]()) missing.push(need);
  const reason = missing.length > 0 ? ` (skipped: no ${missing.join(", no ")} here)` : "";
  Deno.test({ name: name + reason, ignore: !IN_NAMESPACE || missing.length > 0, fn: run });
}

/** Returns the command that runs tests/support/sctp_program.ts. */
export function sctpCommand(args: readonly string[]): [program: string, args: string[]] {
  const path = fileURLToPath(new URL("./sctp_program.ts", import.meta.url));
  const flags = ["--quiet", "--no-prompt", "--no-config", "--no-lock", "--no-check", "--allow-ffi"];
  return [Deno.execPath(), ["run", ...flags, path, ...args]];
}

async function sctp(args: readonly string[]): Promise<string> {
  const { stdout } = await runProcess(...sctpCommand(args), { timeoutMs: 30_000 });
  return stdout;
}

async function works(program: string, args: readonly string[]): Promise<boolean> {
  try {
    return (await runProcess(program, args, { timeoutMs: 30_000 })).code === 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
