import { KUBERNETES_VERSION } from "../config/compatibility.ts";
import type { Clock } from "../model/clock.ts";
import type { ZPage } from "./http_zpages.ts";

/** Returns the page that tells since when which version runs. `paths` are those of its server that are worth a look. */
export function statusz(
  { clock, paths }: { readonly clock: Clock; readonly paths: readonly string[] },
): ZPage {
  const startedAt = clock.now();
  const started = clock.monotonic();
  const upSeconds = () => Math.floor((clock.monotonic() - started) / 1000);
  const emulationVersion = KUBERNETES_VERSION.split(".", 2).join(".");
  const runtime = `deno${Deno.version.deno}`;
  return {
    kind: "Statusz",
    text: () =>
      [
        "",
        `Started:  ${new Date(startedAt).toUTCString()}`,
        `Up:  ${upTime(upSeconds())}`,
        `Go version:  ${runtime}`,
        `Binary version:  ${KUBERNETES_VERSION}`,
        `Emulation version:  ${emulationVersion}`,
        `Paths:  ${paths.join(" ")}`,
        "",
      ].join("\n"),
    object: () => ({
      startTime: new Date(startedAt).toISOString().replace(/\.\d+/, ""),
      uptimeSeconds: upSeconds(),
      goVersion: runtime,
      binaryVersion: KUBERNETES_VERSION,
      emulationVersion,
      paths,
    }),
  };
}

function upTime(seconds: number): string {
  const pad = (number: number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60) % 60;
  return `${Math.floor(seconds / 3600)} hr ${pad(minutes)} min ${pad(seconds % 60)} sec`;
}
