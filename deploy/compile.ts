// deno-lint-ignore-file no-console -- a program for people

// Makes bin/weir for this machine, or with names of architectures bin/weir-amd64, bin/weir-arm64.

import { PERMISSIONS } from "../cli/permissions.ts";

/** What can be compiled for, from any machine: the names of Go and of images, and Rust's. */
export const TARGETS: Readonly<Record<string, string>> = {
  amd64: "x86_64-unknown-linux-gnu",
  arm64: "aarch64-unknown-linux-gnu",
};

/**
 * Returns the arguments of `deno compile` for one binary.
 *
 * Of the npm packages only those that main.ts reaches go into it: without that option it would be all of deno.lock,
 * those of the tests too. `excluded` are folders that stay out.
 */
export function compileArguments(
  { arch, excluded }: { readonly arch?: string | undefined; readonly excluded: readonly string[] },
): readonly string[] {
  const target = arch === undefined ? [] : ["--target", targetOf(arch)];
  return [
    "compile",
    "--frozen",
    "--exclude-unused-npm",
    ...excluded.flatMap((folder) => ["--exclude", folder]),
    ...target,
    ...PERMISSIONS,
    "--output",
    arch === undefined ? "bin/weir" : `bin/weir-${arch}`,
    "main.ts",
  ];
}

function targetOf(arch: string): string {
  const target = TARGETS[arch];
  if (target !== undefined) return target;
  const known = Object.keys(TARGETS).join(" or ");
  throw new Error(`Cannot compile for "${arch}": write ${known}, or nothing for this machine`);
}

/** The part of `deno info --json main.ts` that is read here. */
export interface ModuleInfo {
  readonly npmPackages: Readonly<Record<string, { name: string; localPath: string }>>;
}

/**
 * Returns the folders of npm packages that have to stay out of the binary.
 *
 * `deno compile` looks at every file of a package, and those of bintrees (which prom-client brings) that hold the numbers
 * for its own tests look like one expression of 100,000 subtractions to it: its stack overflows (Deno 2.9.6).
 */
export function excludedFolders({ npmPackages }: ModuleInfo): readonly string[] {
  return Object.values(npmPackages)
    .filter(({ name }) => name === "bintrees")
    .map(({ localPath }) => `${localPath}/test`);
}

/** Runs this deno in the project's folder. Returns what it prints, unless it goes to the terminal. */
async function deno(args: readonly string[], stdout: "piped" | "inherit"): Promise<string> {
  const cwd = new URL("../", import.meta.url);
  const command = new Deno.Command(Deno.execPath(), { args: [...args], cwd, stdout });
  const child = command.spawn();
  const text = stdout === "piped" ? await new Response(child.stdout).text() : "";
  const { code } = await child.status;
  if (code !== 0) throw new Error(`deno ${args[0]} ended with exit code ${code}`);
  return text;
}

async function main(archs: readonly string[]): Promise<number> {
  try {
    const info: ModuleInfo = JSON.parse(await deno(["info", "--json", "main.ts"], "piped"));
    const excluded = excludedFolders(info);
    for (const arch of archs.length > 0 ? archs : [undefined]) {
      await deno(compileArguments({ arch, excluded }), "inherit");
    }
    return 0;
  } catch (error) {
    console.error(`Error: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}

if (import.meta.main) Deno.exitCode = await main(Deno.args);
