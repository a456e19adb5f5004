import denoJson from "../deno.json" with { type: "json" };
import { KUBERNETES_VERSION } from "../config/compatibility.ts";

/** weir's own version, as in `deno.json`. */
export const WEIR_VERSION: string = denoJson.version;

/** The line that `--version` prints; `kubernetes` is the version to report instead of the real one, as `v1.2.3`. */
export function versionLine(kubernetes = `v${KUBERNETES_VERSION}`): string {
  return `weir v${WEIR_VERSION} (compatible with kube-proxy ${kubernetes})`;
}

/** What `weir version` and `--version=raw` print: the line, and what weir runs on. */
export function versionReport(runtime: Readonly<Record<string, string>> = Deno.version): string {
  const parts = Object.entries(runtime).map(([name, version]) => `${name} ${version}`);
  return [versionLine(), ...parts].join("\n");
}
