/** Where the package golang-github-containers-common, which buildah brings, has the profile of CRI-O and podman. */
const PROFILE = "/usr/share/containers/seccomp.json";

/** A group of system calls in a profile, with the capabilities and architectures that it is for. */
interface Group {
  readonly names: readonly string[];
  readonly action: string;
  readonly args: readonly Argument[];
  readonly errnoRet?: number;
  readonly includes: Condition;
  readonly excludes: Condition;
}

interface Condition {
  readonly caps?: readonly string[];
  readonly arches?: readonly string[];
}

interface Argument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo: number;
  readonly op: string;
}

/** Returns the seccomp filter that a container with `capabilities` has by default, for the OCI runtime specification. */
export async function defaultSeccomp(capabilities: readonly string[]): Promise<object> {
  const { defaultAction, syscalls } = JSON.parse(await Deno.readTextFile(PROFILE)) as {
    defaultAction: string;
    syscalls: readonly Group[];
  };
  const arch = Deno.build.arch === "x86_64" ? "amd64" : "arm64";
  const applies = ({ includes, excludes }: Group) =>
    (includes.caps ?? []).every((name) => capabilities.includes(name)) &&
    (includes.arches ?? [arch]).includes(arch) &&
    !(excludes.caps ?? []).some((name) => capabilities.includes(name)) &&
    !(excludes.arches ?? []).includes(arch);
  return {
    defaultAction,
    syscalls: syscalls.filter(applies).map(({ names, action, args, errnoRet }) => ({
      names,
      action,
      args,
      ...(errnoRet === undefined ? {} : { errnoRet }),
    })),
  };
}
