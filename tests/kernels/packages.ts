import { runProcess } from "../../backends/process.ts";

/** A package of a Debian release in the version that is to be had today. */
export interface Package {
  readonly name: string;
  readonly version: string;
}

/** Where a release comes from. */
export interface SuiteOptions {
  /** Its code name, e.g. `bookworm`. */
  readonly suite: string;
  /** The folder for lists, packages and what is in them: it may be removed at any time. */
  readonly cache: string;
  readonly signal?: AbortSignal;
}

const MIRROR = "http://deb.debian.org";

/** What Debian signs its releases with, from the package debian-archive-keyring. */
export const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

const TIMEOUT_MS = 15 * 60_000;

/** A Debian release: apt finds, downloads and verifies its packages, beside the system's own and without installing any. */
export class Suite {
  readonly #options: SuiteOptions;
  readonly #folder: string;

  private constructor(options: SuiteOptions) {
    this.#options = options;
    this.#folder = `${options.cache}/${options.suite}`;
  }

  /** Fetches the lists of packages; without a network, those of the last time will do. */
  static async open(options: SuiteOptions): Promise<Suite> {
    const suite = new Suite(options);
    const folder = suite.#folder;
    for (const name of ["lists/partial", "archives/partial", "unpacked"]) {
      await Deno.mkdir(`${folder}/${name}`, { recursive: true });
    }
    await Deno.writeTextFile(`${folder}/sources.list`, sources(options.suite));
    await Deno.writeTextFile(`${folder}/status`, ""); // no package is installed
    await suite.#apt(["update", "-qq"]);
    return suite;
  }

  /** Returns the packages that `names` need: themselves, and what they depend on. */
  async resolve(names: readonly string[]): Promise<readonly Package[]> {
    const simulation = ["install", "--simulate", "--no-install-recommends", ...names];
    return parseSimulation(await this.#apt(simulation));
  }

  /** Returns the folders with what is in packages, as it is before their scripts run. */
  async unpack(packages: readonly Package[]): Promise<readonly string[]> {
    const { signal } = this.#options;
    const archives = `${this.#folder}/archives`;
    const missing: Package[] = [];
    for (const one of packages) if (!await exists(this.#folderOf(one))) missing.push(one);
    if (missing.length > 0) {
      const names = missing.map(({ name, version }) => `${name}=${version}`);
      const args = [...this.#aptOptions(), "download", "-qq", ...names];
      await must("env", [`--chdir=${archives}`, "apt-get", ...args], signal);
    }
    for (const one of missing) {
      const [folder, file] = [this.#folderOf(one), `${archives}/${await archiveOf(archives, one)}`];
      await Deno.remove(`${folder}.part`, { recursive: true }).catch(() => {});
      await must("dpkg-deb", ["--extract", file, `${folder}.part`], signal);
      await Deno.rename(`${folder}.part`, folder);
      await Deno.remove(file);
    }
    return packages.map((one) => this.#folderOf(one));
  }

  #folderOf({ name, version }: Package): string {
    return `${this.#folder}/unpacked/${name}_${version}`;
  }

  async #apt(args: readonly string[]): Promise<string> {
    return await must("apt-get", [...this.#aptOptions(), ...args], this.#options.signal);
  }

  #aptOptions(): readonly string[] {
    const folder = this.#folder;
    const settings = {
      "APT::Architecture": "amd64",
      "APT::Architectures": "amd64",
      "APT::Sandbox::User": "", // the cache is the caller's own
      "Debug::NoLocking": "true",
      "Dir::Cache": folder,
      "Dir::Cache::archives": `${folder}/archives`,
      "Dir::Etc::preferencesparts": "/dev/null",
      "Dir::Etc::sourcelist": `${folder}/sources.list`,
      "Dir::Etc::sourceparts": "/dev/null",
      "Dir::State::lists": `${folder}/lists`,
      "Dir::State::status": `${folder}/status`,
    };
    return Object.entries(settings).map(([name, value]) => `--option=${name}=${value}`);
  }
}

/** Returns what opens releases, each once. */
export function suitesIn(
  options: Omit<SuiteOptions, "suite">,
): (suite: string) => Promise<Suite> {
  const open = new Map<string, Promise<Suite>>();
  return (suite) => {
    const known = open.get(suite) ?? Suite.open({ ...options, suite });
    open.set(suite, known);
    return known;
  };
}

/** Reads what `apt-get install --simulate` would install. */
export function parseSimulation(text: string): readonly Package[] {
  return [...text.matchAll(/^Inst (\S+) \((\S+) /gm)].map(([, name = "", version = ""]) => ({
    name,
    version,
  }));
}

function sources(suite: string): string {
  const source = `deb [signed-by=${KEYRING}] ${MIRROR}`;
  return `${source}/debian ${suite} main\n${source}/debian-security ${suite}-security main\n`;
}

/** Returns the name of a package's file; the colon of a version is escaped in it. */
async function archiveOf(folder: string, { name, version }: Package): Promise<string> {
  const start = `${name}_${version.replaceAll(":", "%3a")}_`;
  for await (const entry of Deno.readDir(folder)) {
    if (entry.name.startsWith(start) && entry.name.endsWith(".deb")) return entry.name;
  }
  throw new Error(`Cannot find what apt-get downloaded: no "${start}*.deb" in "${folder}"`);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Runs a program and returns its output. Throws what it complains about. */
export async function must(
  program: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  const options = { timeoutMs: TIMEOUT_MS, ...(signal && { signal }) };
  const { code, stdout, stderr } = await runProcess(program, args, options);
  if (code === 0) return stdout;
  const what = [program, ...args.filter((arg) => !arg.startsWith("--option="))].join(" ");
  throw new Error(`Cannot run "${what}": ${stderr.trim() || `exit code ${code}`}`);
}
