import {
  compareLogLevel,
  configureSync,
  getLogger,
  type Logger,
  type LogLevel,
  type LogRecord,
} from "@logtape/logtape";
import { formatJson } from "./log_json.ts";
import { formatText, loggerName } from "./log_text.ts";
import { type ByteStream, LineWriter } from "./log_writer.ts";

/** The verbosity from which on errors come with their stacks. */
const STACKS = 4;

/** How to log. */
export interface LoggingOptions {
  readonly format: "text" | "json";
  /** kube-proxy's `-v`, see {@linkcode levelOf}. */
  readonly verbosity: number;
  /** More verbosity for some loggers: `*` and `?` patterns of their names, such as `watch*`. */
  readonly vmodule?: readonly VModule[];
  /** Where lines go. @default {Deno.stderr} */
  readonly stream?: ByteStream;
}

/** An item of `logging.vmodule` (k8s.io/component-base `VModuleItem`). */
export interface VModule {
  readonly filePattern: string;
  readonly verbosity: number;
}

/** Logging that is set up. */
export interface Logging {
  /** The logger that all others are children of. */
  readonly log: Logger;
  /** Resolves when every line so far is written, or when `signal` aborts. To be called before the process exits. */
  flush(signal?: AbortSignal): Promise<void>;
}

/** Sets up logging for the whole process, and replaces what was set up before. */
export function configureLogging(options: LoggingOptions): Logging {
  const { verbosity, vmodule = [], stream = Deno.stderr } = options;
  const style = { stacks: verbosity >= STACKS };
  const format = (record: LogRecord) =>
    options.format === "json" ? formatJson(record, style) : formatText(record, style);
  const writer = new LineWriter(stream, (lines) => format(lossRecord(lines)));
  const sink = (record: LogRecord) => writer.write(format(record));
  const flushAtExit = () => writer.flushSync();
  configureSync({
    reset: true,
    sinks: { stream: Object.assign(sink, { [Symbol.dispose]: flushAtExit }) },
    filters: { vmodule: levelFilter(verbosity, vmodule) },
    loggers: [
      {
        category: "weir",
        sinks: ["stream"],
        filters: ["vmodule"],
        lowestLevel: levelOf(Math.max(verbosity, ...vmodule.map((item) => item.verbosity))),
      },
      { category: ["logtape", "meta"], sinks: ["stream"], lowestLevel: "warning" },
    ],
  });
  return { log: getLogger("weir"), flush: (signal) => writer.flush(signal) };
}

/** Returns the lowest level that is logged at kube-proxy's verbosity: 0 and 1 info, 2 and 3 debug, 4 and more trace. */
export function levelOf(verbosity: number): LogLevel {
  if (verbosity >= 4) return "trace";
  return verbosity >= 2 ? "debug" : "info";
}

/** Returns a filter that gives each logger the highest verbosity that is meant for it. */
function levelFilter(
  verbosity: number,
  vmodule: readonly VModule[],
): (record: LogRecord) => boolean {
  const patterns = vmodule.map((item) => ({ ...item, regexp: globRegExp(item.filePattern) }));
  const levels = new Map<string, LogLevel>();
  return ({ category, level }) => {
    const name = loggerName(category);
    let lowest = levels.get(name);
    if (lowest === undefined) {
      const matching = patterns.filter(({ regexp }) => regexp.test(name));
      lowest = levelOf(Math.max(verbosity, ...matching.map((item) => item.verbosity)));
      levels.set(name, lowest);
    }
    return compareLogLevel(level, lowest) >= 0;
  };
}

function globRegExp(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}

function lossRecord(lines: number): LogRecord {
  const message = "Log lines were lost because they could not be written";
  return {
    category: ["weir", "log"],
    level: "warning",
    message: [message],
    rawMessage: message,
    timestamp: Date.now(),
    properties: { lines },
  };
}
