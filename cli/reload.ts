import type { Logger } from "@logtape/logtape";
import { changedFields } from "../config/changes.ts";
import type { ConfigurationReport } from "../daemon/configuration_watch.ts";
import { systemClock } from "../model/clock.ts";
import type { RunOptions } from "./options.ts";
import { prepare, type Prepared } from "./prepare.ts";

/**
 * Waits until the configuration file asks for something else than `options`, and returns that, ready to run; undefined
 * when `signal` aborts first, and at once without a file.
 *
 * What cannot be used, a kubeconfig that cannot be read included, is reported and ignored.
 */
export async function untilChanged(
  options: RunOptions,
  report: ConfigurationReport,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): Promise<Prepared | undefined> {
  const { nextConfiguration } = await import("../daemon/configuration_watch.ts");
  return await nextConfiguration({
    file: options.configFile,
    text: options.configText,
    readTextFile: Deno.readTextFile,
    async load(text) {
      const next = await options.reload(text);
      const fields = changedFields(options.config, next.config);
      if (fields.length === 0) return undefined;
      const prepared = await prepare(next);
      log.info("The configuration changed: going on with the new one", { fields });
      return prepared;
    },
    report,
    clock: systemClock,
  }, signal);
}
