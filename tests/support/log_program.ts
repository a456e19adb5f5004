/** A program for tests/daemon/log_test.ts: logs 1,000 lines, and says on stdout that it lived to see its end. */
import { configureLogging } from "../../daemon/log.ts";

const { log, flush } = configureLogging({ format: "text", verbosity: 0 });
for (let line = 0; line < 1000; line++) {
  log.info("Line", { line });
  if (line % 100 === 0) await flush();
}
if (Deno.args[0] === "flush") await flush();
Deno.stdout.writeSync(new TextEncoder().encode("done"));
Deno.exit(0);
