import { configureSync, getLogger, type Logger, type LogRecord } from "@logtape/logtape";
import { formatText } from "../../daemon/log_text.ts";

/** A logger for a test, and what was logged with it and its children. */
export interface RecordingLog {
  readonly log: Logger;
  readonly records: readonly LogRecord[];
  /** The records in short, without time and logger: `WARN  Cannot read file=a.yaml`. */
  readonly lines: readonly string[];
}

const recordings = new Map<string, { records: LogRecord[]; lines: string[] }>();

/**
 * Makes a logger of its own that records everything, at every level.
 *
 * It is a real logger, so that messages, placeholders and properties are treated as in the daemon. Not for tests of
 * the set-up of logging itself, which is one for the whole process.
 */
export function recordingLog(): RecordingLog {
  if (recordings.size === 0) record();
  const id = String(recordings.size);
  const recording = { records: [] as LogRecord[], lines: [] as string[] };
  recordings.set(id, recording);
  return { log: getLogger(["test", id]), ...recording };
}

/** Sends what is logged below `test` to the recording that the second part of its category names. */
function record(): void {
  configureSync({
    reset: true,
    sinks: {
      recorder: (record) => {
        const recording = recordings.get(record.category[1] ?? "");
        recording?.records.push(record);
        const line = formatText({ ...record, category: ["-"] }, { stacks: false }).trimEnd();
        recording?.lines.push(line.slice(line.indexOf(" ") + 1).replace("-  ", ""));
      },
    },
    loggers: [
      { category: "test", sinks: ["recorder"], lowestLevel: "trace" },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
}
