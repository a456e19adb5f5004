// deno-lint-ignore-file no-console -- a program for people

// Builds the images of the Containerfile without a registry, and runs weir in one against a real API server. As root, on
// Debian or a kin of it, with KUBEBUILDER_ASSETS. The first run makes a base image, which takes minutes.

import { adminPath } from "../../cli/demo/requirements.ts";
import { projectPath } from "../support/weir_process.ts";
import type { ImageConfig } from "./container.ts";
import { type BuiltImage, type BuiltImages, IMAGES } from "./images.ts";

/** What is not in a registry here: made from Debian's packages, and from this deno and its cache. */
const BASE = "localhost/weir-test/debian:trixie";
const DENO = "localhost/weir-test/deno:bin";
const BUILD = "localhost/weir-test/build:latest";

const TOOLS = ["buildah", "debootstrap", "crun", "nft", "conntrack", "ip"];
const PACKAGES = ["buildah", "debootstrap", "crun", "nftables", "conntrack", "iproute2"];

/** Folder for what the next run can use again: gigabytes, which may be removed at any time. */
const CACHE = `${
  Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME") ?? "/root"}/.cache`
}/weir-image`;

/** Says that this process has mounts of its own. */
const INSIDE = "--inside";

async function main(args: readonly string[]): Promise<number> {
  if (!args.includes(INSIDE)) return await runInside();
  if (!Deno.env.has("KUBEBUILDER_ASSETS")) {
    console.error("Error: KUBEBUILDER_ASSETS is not set: set it to the folder of kube-apiserver");
    return 1;
  }
  Deno.env.set("PATH", adminPath(Deno.env.get("PATH") ?? ""));
  await ensureTools();
  await tidy(); // a run that was cut off has left something
  try {
    await makeBase();
    await makeDeno();
    await makeBuild();
    const images: BuiltImages = {
      sources: await build("sources"),
      weir: await build("weir"),
      takeover: await build("takeover"),
    };
    return await check(images);
  } finally {
    await tidy();
  }
}

/** Removes everything from the cache that the next run cannot use. What cannot be removed is left to that run. */
async function tidy(): Promise<void> {
  try {
    await buildah("rm", "--all");
    await buildah("rmi", "--prune");
  } catch (error) {
    console.error(`Warning: ${error instanceof Error ? error.message : error}`);
  }
}

/** Starts this program again where mounts are gone when it ends: buildah leaves some. One at a time has the cache. */
async function runInside(): Promise<number> {
  const permissions = ["--no-prompt", "--allow-read", "--allow-write", "--allow-env"];
  const again = [
    "run",
    "--quiet",
    ...permissions,
    "--allow-run",
    projectPath("tests/image/main.ts"),
  ];
  await Deno.mkdir(CACHE, { recursive: true });
  const alone = ["flock", `${CACHE}/lock`];
  return await code("unshare", ["--mount", ...alone, Deno.execPath(), ...again, INSIDE]);
}

/** Installs what is missing. */
async function ensureTools(): Promise<void> {
  const missing = [];
  for (const tool of TOOLS) {
    if (await code("which", [tool], { stdout: "null" }) !== 0) missing.push(tool);
  }
  if (missing.length === 0) return;
  const command = ["install", "--yes", "--no-install-recommends", ...PACKAGES];
  console.log(`Missing: ${missing.join(", ")}. apt-get ${command.join(" ")}`);
  await code("apt-get", ["update", "-qq"]);
  await must("apt-get", ["-qq", ...command]);
}

/** Makes a minimal Debian, as the image debian:trixie-slim is one. */
async function makeBase(): Promise<void> {
  if (await exists(BASE)) return;
  const folder = await Deno.makeTempDir({ prefix: "weir-debian-" });
  try {
    console.log("Making a base image of Debian trixie");
    await must("debootstrap", ["--variant=minbase", "trixie", folder], { stdout: "null" });
    await makeImage(BASE, "scratch", folder, "/");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Makes the image that has nothing but deno. */
async function makeDeno(): Promise<void> {
  const deno = await Deno.realPath(Deno.execPath());
  await makeImage(DENO, "scratch", deno, "/deno");
}

/** Makes the base image with the npm packages, so that the build itself needs no network for them. */
async function makeBuild(): Promise<void> {
  const args = ["install", "--quiet", "--frozen", "--entrypoint", projectPath("main.ts")];
  await must(Deno.execPath(), args, { env: { DENO_DIR: `${CACHE}/deno` } });
  await makeImage(BUILD, BASE, `${CACHE}/deno`, "/cache");
}

async function makeImage(name: string, base: string, from: string, to: string): Promise<void> {
  const container = await buildah("from", base);
  try {
    await buildah("copy", "--quiet", container, from, to);
    await buildah("commit", "--quiet", container, name);
  } finally {
    await buildah("rm", container);
  }
}

/**
 * Builds a target and mounts it.
 *
 * A program that does nothing stands in for denort, which no registry has: `deno compile` puts everything but the
 * runtime into the binary.
 */
async function build(target: string): Promise<BuiltImage> {
  console.log(`Building the image "${target}"`);
  const image = `localhost/weir-test/${target}`;
  const args = {
    DENO_IMAGE: DENO,
    BUILD_IMAGE: BUILD,
    RUNTIME_IMAGE: BASE,
    DENORT_BIN: "/usr/bin/true",
  };
  await buildah(
    "bud",
    "--layers",
    "--quiet",
    `--target=${target}`,
    ...Object.entries(args).map(([name, value]) => `--build-arg=${name}=${value}`),
    `--tag=${image}`,
    projectPath("."),
  );
  const container = await buildah("from", image);
  const root = await buildah("mount", container);
  const { OCIv1 } = JSON.parse(await buildah("inspect", container)) as {
    OCIv1: { config: ImageConfig };
  };
  console.log(`  ${await megabytes(root)} MB`);
  return { root, config: OCIv1.config };
}

async function megabytes(folder: string): Promise<number> {
  const [kilobytes] = (await must("du", ["-sk", folder], { stdout: "piped" })).split("\t");
  return Math.round(Number(kilobytes) * 1.024 / 1000);
}

/** Runs the checks in a network namespace of their own. crun wants to see one kind of control groups, and uses none. */
async function check(images: BuiltImages): Promise<number> {
  const inside = 'ip link set lo up && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"';
  const test = ["test", "--allow-all", projectPath("tests/image/checks.ts")];
  const args = ["--net", "--mount", "sh", "-c", inside, "sh", Deno.execPath(), ...test];
  return await code("unshare", args, { env: { [IMAGES]: JSON.stringify(images) } });
}

async function exists(image: string): Promise<boolean> {
  return (await buildah("images", "--format={{.Name}}:{{.Tag}}")).split("\n").includes(image);
}

/** Runs buildah, which keeps its images in the cache, and needs no namespaces or daemons. */
async function buildah(command: string, ...args: readonly string[]): Promise<string> {
  const places = [`--root=${CACHE}/storage`, `--runroot=${CACHE}/run`];
  const { code, stdout, stderr } = await new Deno.Command("buildah", {
    args: [...places, command, ...args],
    env: { BUILDAH_ISOLATION: "chroot" },
    stdin: "null",
  }).output();
  const [output, complaint] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (code !== 0) throw new Error(`buildah ${command} ${args.join(" ")}: ${complaint}`);
  return output!.trim();
}

type CommandOptions = Pick<Deno.CommandOptions, "env" | "stdout">;

/** Runs a program and returns its output, if that was piped. Throws unless it succeeds. */
async function must(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const command = new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    stdout: "inherit",
    ...options,
  });
  const child = command.spawn();
  const output = options.stdout === "piped" ? await new Response(child.stdout).text() : "";
  const status = await child.status;
  if (status.success) return output;
  throw new Error(`${program} ${args.join(" ")} ended with exit code ${status.code}`);
}

async function code(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<number> {
  const child = new Deno.Command(program, { args: [...args], stdin: "null", ...options }).spawn();
  return (await child.status).code;
}

Deno.exitCode = await main(Deno.args);
