/** A kernel of the matrix: the cloud kernel of a Debian release. */
export interface Kernel {
  /** Its series, e.g. `6.1`. */
  readonly series: string;
  readonly suite: string;
}

/** The programs of a Debian release, which weir works with. */
export interface Userland {
  /** The version of its nft, e.g. `1.0.6`. */
  readonly nft: string;
  readonly suite: string;
}

/** A kernel with programs: what one machine is started with. */
export interface Combination {
  readonly kernel: Kernel;
  readonly userland: Userland;
}

/** The kernels, oldest first. */
export const KERNELS: readonly Kernel[] = [
  { series: "5.10", suite: "bullseye" },
  { series: "6.1", suite: "bookworm" },
  { series: "6.12", suite: "trixie" },
];

/** The releases whose programs run on each kernel. */
export const USERLANDS: readonly Userland[] = [
  { nft: "1.0.6", suite: "bookworm" },
  { nft: "1.1.3", suite: "trixie" },
];

/** The package that depends on the newest kernel of a release. Cloud kernels have all that is tested, and less else. */
export const KERNEL_PACKAGE = "linux-image-cloud-amd64";

/** What the tests run, beside what these packages depend on. */
export const PACKAGES: readonly string[] = [
  "base-files",
  "conntrack",
  "coreutils",
  "dash",
  "grep",
  "iproute2",
  "ipset",
  "iptables",
  "ipvsadm",
  "kmod",
  "libgcc-s1",
  "mount",
  "nftables",
  "openssl",
  "procps",
  "sed",
  "util-linux",
];

/** Returns the combinations of some series of kernels with some versions of nft; of all where none is named. */
export function combinations(
  series: readonly string[],
  nft: readonly string[],
): readonly Combination[] {
  const isWanted = (wanted: readonly string[], one: string) =>
    wanted.length === 0 || wanted.includes(one);
  return KERNELS.filter((kernel) => isWanted(series, kernel.series)).flatMap((kernel) =>
    USERLANDS.filter((userland) => isWanted(nft, userland.nft))
      .map((userland) => ({ kernel, userland }))
  );
}

/** Names a combination, also in file names. */
export function titleOf({ kernel, userland }: Combination): string {
  return `linux-${kernel.series}-nft-${userland.nft}`;
}
