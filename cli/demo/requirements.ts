import { type RunProcess, runProcess } from "../../backends/process.ts";

/** A system tool that the demo or the tests need. */
export type Tool = "nft" | "conntrack" | "ip" | "unshare" | "nsenter" | "ps";

/** Thrown when a tool is missing and could not be installed; the message names the command that installs it. */
export class MissingToolsError extends Error {
  override readonly name = "MissingToolsError";
}

/** What {@linkcode ensureTools} works with; everything has the obvious default. */
export interface EnsureToolsOptions {
  readonly run?: RunProcess;
  /** Takes one line for the user. */
  readonly log?: (line: string) => void;
  /** Whether packages can be installed. */
  readonly root?: boolean;
  /** Tells whether a program is on the search path. */
  readonly exists?: (program: string) => Promise<boolean>;
  readonly signal?: AbortSignal;
}

/** A system's package manager. */
export interface PackageManager {
  readonly program: string;
  /** Arguments that fetch the package lists, if that is a step of its own. */
  readonly refresh?: readonly string[];
  readonly install: readonly string[];
  /** The package of each tool. */
  readonly packages: Readonly<Record<Tool, string>>;
}

const NAMES = {
  nft: "nftables",
  conntrack: "conntrack-tools",
  ip: "iproute2",
  unshare: "util-linux",
  nsenter: "util-linux",
  ps: "procps",
};

/** The package managers that are known, in the order in which they are looked for. */
export const PACKAGE_MANAGERS: readonly PackageManager[] = [
  {
    program: "apt-get",
    refresh: ["update", "-qq"],
    install: ["install", "-y", "-qq", "--no-install-recommends"],
    packages: { ...NAMES, conntrack: "conntrack" },
  },
  {
    program: "dnf",
    install: ["install", "-y"],
    packages: { ...NAMES, ip: "iproute", ps: "procps-ng" },
  },
  {
    program: "apk",
    install: ["add", "--no-cache"],
    packages: { ...NAMES, unshare: "util-linux-misc", nsenter: "util-linux-misc" },
  },
  { program: "zypper", install: ["--non-interactive", "install"], packages: NAMES },
  {
    program: "pacman",
    install: ["-Sy", "--noconfirm", "--needed"],
    packages: { ...NAMES, ps: "procps-ng" },
  },
];

/** Where system tools live that the search path of an ordinary user may leave out. */
const ADMIN_DIRECTORIES = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

const INSTALL_TIMEOUT_MS = 300_000;

/**
 * Makes sure that `tools` can be run: adds the sbin directories to the search path of this process, and installs what is
 * missing with the system's package manager when run as root.
 *
 * Throws {@linkcode MissingToolsError} when a tool is still missing in the end.
 */
export async function ensureTools(
  tools: readonly Tool[],
  options: EnsureToolsOptions = {},
): Promise<void> {
  const { run = runProcess, log = writeLine, root = Deno.uid() === 0, signal } = options;
  const { exists = isOnPath } = options;
  Deno.env.set("PATH", adminPath(Deno.env.get("PATH") ?? ""));
  const missing = await filter(tools, async (tool) => !await exists(tool));
  if (missing.length === 0) return;
  const [manager] = await filter(PACKAGE_MANAGERS, ({ program }) => exists(program));
  if (manager !== undefined && root) {
    await install(manager, missing, { run, log, ...(signal && { signal }) });
    const still = await filter(missing, async (tool) => !await exists(tool));
    if (still.length === 0) return;
  }
  throw new MissingToolsError(explain(missing, manager, root));
}

/** Returns the search path with the directories of system tools at its end. */
export function adminPath(path: string): string {
  const present = path.split(":").filter((directory) => directory !== "");
  return [...present, ...ADMIN_DIRECTORIES.filter((d) => !present.includes(d))].join(":");
}

/** Returns the command line, for people and for `install`, that brings `tools`. */
export function installCommand(manager: PackageManager, tools: readonly Tool[]): string[] {
  const packages = new Set(tools.map((tool) => manager.packages[tool]));
  return [manager.program, ...manager.install, ...packages];
}

/** Tells whether a program is on the search path, without running anything. */
export async function isOnPath(program: string): Promise<boolean> {
  for (const directory of (Deno.env.get("PATH") ?? "").split(":")) {
    const info = await Deno.stat(`${directory}/${program}`).catch(() => undefined);
    if (info?.isFile) return true;
  }
  return false;
}

async function filter<T>(list: readonly T[], test: (item: T) => Promise<boolean>): Promise<T[]> {
  const passed = await Promise.all(list.map(test));
  return list.filter((_, index) => passed[index]);
}

async function install(
  manager: PackageManager,
  tools: readonly Tool[],
  { run, log, signal }: { run: RunProcess; log: (line: string) => void; signal?: AbortSignal },
): Promise<void> {
  const [program = "", ...args] = installCommand(manager, tools);
  log(`Installing what is missing: ${[program, ...args].join(" ")}`);
  const limits = { timeoutMs: INSTALL_TIMEOUT_MS, ...(signal && { signal }) };
  // Old lists may still do, so a failure here is not the end.
  if (manager.refresh !== undefined) await run(program, manager.refresh, limits);
  const result = await run(program, args, limits);
  if (result.code !== 0) log(`"${program}" failed: ${(result.stderr || result.stdout).trim()}`);
}

function explain(missing: readonly Tool[], manager: PackageManager | undefined, root: boolean) {
  const names = missing.map((tool) => `"${tool}"`).join(", ");
  if (manager === undefined) {
    return `Cannot find ${names}: install the packages nftables, conntrack-tools, iproute2 and util-linux`;
  }
  const command = installCommand(manager, missing).join(" ");
  return `Cannot find ${names}: run "${root ? "" : "sudo "}${command}"`;
}

function writeLine(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
