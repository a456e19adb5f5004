import type { ExplainRequest } from "./explain_request.ts";
import type { ReadTextFile, RunOptions } from "./options.ts";

/** What a command line asks for. */
export type Command =
  | { readonly command: "run"; readonly options: RunOptions }
  | { readonly command: "render"; readonly options: RunOptions }
  | { readonly command: "explain"; readonly options: RunOptions; readonly request: ExplainRequest }
  | { readonly command: "demo" }
  | { readonly command: "version"; readonly text: string }
  | { readonly command: "help"; readonly text: string };

/** What reading a command line needs of the world. */
export interface ParseContext {
  /** Reads the file of `--config`. */
  readonly readTextFile: ReadTextFile;
  /** How wide the terminal is, for help; 80 when it is not known. */
  readonly columns?: number;
}
