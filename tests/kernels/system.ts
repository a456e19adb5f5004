import { projectPath } from "../support/weir_process.ts";
import { type Layer, writeInitramfs } from "./initramfs.ts";
import { type Combination, KERNEL_PACKAGE, PACKAGES } from "./matrix.ts";
import { must, type Package, type Suite } from "./packages.ts";

/** A kernel, and the file system that it starts with. */
export interface System {
  /** The kernel's file. */
  readonly kernel: string;
  /** The version of its package, e.g. `6.1.158-1`. */
  readonly kernelVersion: string;
  /** The versions of programs, by the names of their packages. */
  readonly programs: Readonly<Record<string, string>>;
}

/** What to make a system of, and where. */
export interface SystemOptions {
  readonly combination: Combination;
  /** Opens a Debian release. */
  readonly suite: (name: string) => Promise<Suite>;
  /** The folder for what deno caches. */
  readonly denoDir: string;
  /** The file for the initial file system. */
  readonly initramfs: string;
  /** The files with the tests, below the project. */
  readonly tests: readonly string[];
  readonly signal?: AbortSignal;
}

/** Where the machine has deno and its cache. */
const DENO = "/usr/bin/deno", DENO_DIR = "/var/cache/deno";

/** The modules that tests may need, by their places in a kernel's package: what networks are made of, and no hardware. */
const MODULES =
  /^\/kernel(\/(net|lib|crypto|arch)(\/|$)|\/drivers(\/net(\/(dummy|veth)\.ko.*)?)?$)/;

/** What packages have that no program here needs. */
const DISPENSABLE = /^\/(usr\/share\/(?!iproute2)|usr\/lib\/locale|var|boot)/;

/** Packages that are depended on for what their scripts do, which do not run here. */
const SCRIPTS = /perl|^(debconf|dpkg|usrmerge|libdb5.3|libgdbm.*|gcc-.*-base)$/;

/** What the scripts of packages would have made. */
const LINKS = {
  "/usr/bin/sh": "dash",
  ...Object.fromEntries(
    ["iptables", "ip6tables"].flatMap((family) =>
      ["", "-save", "-restore"].map((verb) => [`/usr/sbin/${family}${verb}`, "xtables-nft-multi"])
    ),
  ),
};

/** Makes a system of Debian's packages, this deno and this project. */
export async function makeSystem(options: SystemOptions): Promise<System> {
  const { combination: { kernel, userland }, suite, denoDir, initramfs, signal } = options;
  const [kernels, programs] = [await suite(kernel.suite), await suite(userland.suite)];
  const image = newestImage(await kernels.resolve([KERNEL_PACKAGE]));
  const [kernelFolder = ""] = await kernels.unpack([image]);
  const packages = await programs.resolve(PACKAGES);
  const folders = await programs.unpack(packages.filter(({ name }) => !SCRIPTS.test(name)));
  const release = image.name.replace("linux-image-", "");
  const modules = await modulesOf(kernelFolder, release, signal);
  await fillDenoDir(denoDir, options.tests, signal);
  const project = projectPath(".").replace(/\/$/, "");
  await writeInitramfs(initramfs, {
    layers: [
      ...folders.map((from) => ({ from, to: "/", takes: isNeeded })),
      modules,
      { from: denoDir, to: DENO_DIR },
      // At the same place as here, so that what deno has cached of it fits.
      { from: project, to: project, takes: isSource },
    ],
    programs: {
      "/init": initScript(options.tests),
      [DENO]: await Deno.readFile(Deno.execPath()),
    },
    links: LINKS,
  });
  return {
    kernel: `${kernelFolder}/boot/vmlinuz-${release}`,
    kernelVersion: image.version,
    programs: Object.fromEntries(packages.map(({ name, version }) => [name, version])),
  };
}

function isNeeded(path: string): boolean {
  return !DISPENSABLE.test(path);
}

/** Tells whether something in the project's folder belongs to it: hidden folders and what was built do not. */
function isSource(path: string): boolean {
  return !/^\/(\.|bin$)/.test(path);
}

/** Picks the package with the kernel from those that {@linkcode KERNEL_PACKAGE} needs. */
function newestImage(packages: readonly Package[]): Package {
  const image = packages.find(({ name }) => /^linux-image-\d/.test(name));
  if (image === undefined) throw new Error(`Cannot find the kernel that "${KERNEL_PACKAGE}" needs`);
  return image;
}

/** Returns the kernel's modules, with the list of what needs what, that modprobe goes by. */
async function modulesOf(folder: string, release: string, signal?: AbortSignal): Promise<Layer> {
  const inUsr = await Deno.stat(`${folder}/usr/lib/modules`).then(() => true, () => false);
  const base = inUsr ? `${folder}/usr` : folder;
  await must("depmod", ["--basedir", base, release], signal);
  return {
    from: `${base}/lib/modules/${release}`,
    to: `/usr/lib/modules/${release}`,
    takes: (path) => !path.startsWith("/kernel/") || MODULES.test(path),
  };
}

/** Fills a cache of deno's with all that the tests import, so that the machine needs no network. */
async function fillDenoDir(
  folder: string,
  tests: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const files = ["main.ts", "tests/kernels/guest.ts", ...tests].map(projectPath);
  const args = ["install", "--quiet", "--frozen", "--entrypoint", ...files];
  await must("env", [`DENO_DIR=${folder}`, Deno.execPath(), ...args], signal);
}

/** Returns what the kernel starts. When it ends, the machine does. */
function initScript(tests: readonly string[]): string {
  return `#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin
export HOME=/root DENO_DIR=${DENO_DIR} DENO_NO_UPDATE_CHECK=1 NO_COLOR=1
mkdir -p /proc /sys /dev /run /tmp /root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm && mount -t tmpfs shm /dev/shm
ip link set lo up
cd '${projectPath(".")}'
deno run --quiet --no-check --allow-all tests/kernels/guest.ts ${tests.join(" ")} > /dev/ttyS1
echo b > /proc/sysrq-trigger
`;
}
