import { UsageError } from "./cli/usage_error.ts";
import { ConfigError } from "./config/config_error.ts";
import { gatherEntropy } from "./watch/gather_entropy.ts";

/** Runs what the command line asks for, and returns the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  // Takes another thread as long as it takes this one to load the rest.
  gatherEntropy();
  try {
    const { parseCommandLine } = await import("./cli/command_line.ts");
    const command = await parseCommandLine(argv, {
      readTextFile: Deno.readTextFile,
      columns: columns(),
    });
    switch (command.command) {
      case "run": {
        const { run } = await import("./cli/run.ts");
        return await run(command.options, untilSignalled());
      }
      case "render": {
        const { printRendering } = await import("./cli/print_rendering.ts");
        return await printRendering(command.options);
      }
      case "explain": {
        const { printExplanation } = await import("./cli/explain.ts");
        return await printExplanation(command.options, command.request);
      }
      case "demo": {
        const { runDemo } = await import("./cli/demo.ts");
        return await runDemo({ signal: untilSignalled() });
      }
      case "version":
      case "help":
        print(Deno.stdout, command.text);
        return 0;
    }
  } catch (error) {
    if (error instanceof UsageError) print(Deno.stderr, `${error.usage}\n`);
    else if (!(error instanceof ConfigError)) throw error;
    print(Deno.stderr, `Error: ${error.message}`);
    return 1;
  }
}

/** Returns a signal that aborts when the process is asked to end. */
function untilSignalled(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(name, () => stop.abort());
  }
  return stop.signal;
}

function columns(): number {
  return Deno.stdout.isTerminal() ? Deno.consoleSize().columns : 80;
}

function print(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  stream.writeSync(new TextEncoder().encode(`${text}\n`));
}

Deno.exit(await main(Deno.args));
