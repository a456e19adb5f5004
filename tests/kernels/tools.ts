import { runProcess } from "../../backends/process.ts";
import { adminPath, isOnPath } from "../../cli/demo/requirements.ts";
import { QEMU } from "./machine.ts";
import { KEYRING } from "./packages.ts";

/** What the task needs of this machine, beside deno: programs and files, with their packages. */
const NEEDED: readonly (readonly [path: string, name: string])[] = [
  [QEMU, "qemu-system-x86"],
  ["depmod", "kmod"],
  ["dpkg-deb", "dpkg"],
  [KEYRING, "debian-archive-keyring"],
];

const INSTALL = ["install", "--yes", "-qq", "--no-install-recommends"];

const TIMEOUT_MS = 10 * 60_000;

/** Thrown when this machine cannot make or run the machines; the message says what to do. */
export class CannotRunError extends Error {
  override readonly name = "CannotRunError";
}

/** Makes sure that all is there that machines are made of: as root it installs what is missing, and says so with `log`. */
export async function ensureTools(log: (line: string) => void): Promise<void> {
  const { os, arch } = Deno.build;
  if (os !== "linux" || arch !== "x86_64") {
    throw new CannotRunError(
      `Cannot test kernels on ${os} for ${arch}: the machines run this very deno, run it on Linux for x86_64`,
    );
  }
  Deno.env.set("PATH", adminPath(Deno.env.get("PATH") ?? ""));
  if (!await isThere("apt-get")) {
    throw new CannotRunError(`Cannot find "apt-get": run this on Debian, or on a kin of it`);
  }
  const missing = await missingOnes();
  if (missing.length === 0) return;
  const packages = missing.map(([, name]) => name);
  const command = ["apt-get", ...INSTALL, ...packages].join(" ");
  if (Deno.uid() === 0) {
    log(`Installing what is missing: ${command}`);
    await runProcess("apt-get", ["update", "-qq"], { timeoutMs: TIMEOUT_MS });
    await runProcess("apt-get", [...INSTALL, ...packages], { timeoutMs: TIMEOUT_MS });
    if ((await missingOnes()).length === 0) return;
  }
  const names = missing.map(([path]) => `"${path}"`).join(", ");
  throw new CannotRunError(
    `Cannot find ${names}: run "${Deno.uid() === 0 ? "" : "sudo "}${command}"`,
  );
}

async function missingOnes(): Promise<typeof NEEDED> {
  const found = await Promise.all(NEEDED.map(([path]) => isThere(path)));
  return NEEDED.filter((_, index) => !found[index]);
}

/** Tells whether there is a file, or a program on the search path. */
async function isThere(path: string): Promise<boolean> {
  if (!path.startsWith("/")) return await isOnPath(path);
  return (await Deno.stat(path).catch(() => undefined))?.isFile ?? false;
}
