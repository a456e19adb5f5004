import { Command as Program, CommanderError, Option } from "commander";
import type { FlagValues } from "../config/apply_flags.ts";
import { FLAGS } from "../config/flags.ts";
import { type Arguments, isHelp } from "./arguments.ts";
import type { Command, ParseContext } from "./command.ts";
import { describeFlag, flagTerm } from "./flag_help.ts";
import { readGivenFlags, versionAsked } from "./given_flags.ts";
import { loadOptions, type RunOptions } from "./options.ts";
import { USAGE, UsageError } from "./usage_error.ts";
import { versionReport } from "./version.ts";

/** A command, and how what was given for it becomes a {@linkcode Command}. */
interface Subcommand {
  readonly name: string;
  readonly summary: string;
  /** True when the flags of the table mean something to it, and are shown in its help. */
  readonly takesFlags: boolean;
  /** Adds arguments and flags of its own. */
  readonly configure?: (program: Program) => void;
  /** Runs when the command is the chosen one. */
  readonly read: (given: Given) => Command | Promise<Command>;
}

/** What was given to a subcommand. */
interface Given {
  /** Flags and configuration file, put together on demand. */
  readonly options: () => Promise<RunOptions>;
  /** The subcommand's own arguments and flags, as commander read them. */
  readonly program: Program;
}

/** Every command: a new one is one entry here. */
const SUBCOMMANDS: readonly Subcommand[] = [
  {
    name: "run",
    summary: "Be the service proxy of this node (the default)",
    takesFlags: true,
    read: async ({ options }) => ({ command: "run", options: await options() }),
  },
  {
    name: "render",
    summary: "Print the nft script for a folder of manifests",
    takesFlags: true,
    read: readRender,
  },
  {
    name: "explain",
    summary: "Say why an address or a Service is reachable from this node, or not",
    takesFlags: false,
    configure: configureExplain,
    read: readExplain,
  },
  {
    name: "demo",
    summary: "Show weir at work in network namespaces of its own",
    takesFlags: false,
    read: () => ({ command: "demo" }),
  },
  {
    name: "version",
    summary: "Print the version, and what weir runs on",
    takesFlags: false,
    read: () => ({ command: "version", text: versionReport() }),
  },
];

/**
 * Reads a command line that names a command, asks for help or makes no sense, with commander's help.
 *
 * Throws as {@linkcode parseCommandLine} in `command_line.ts` does.
 */
export async function readCommand(
  { tokens, hasCommand }: Arguments,
  { readTextFile, columns = 80 }: ParseContext,
): Promise<Command> {
  const line = hasCommand || tokens.some(isHelp) ? tokens : ["run", ...tokens];
  const chosen = choose(line, columns);
  if ("text" in chosen) return { command: "help", text: chosen.text };
  const flags = flagsOf(chosen.root);
  return versionAsked(flags) ?? await chosen.subcommand.read({
    options: () => loadOptions(flags, readTextFile),
    program: chosen.program,
  });
}

/** The command that commander found, with its own parser and the one of the flags that all commands have. */
interface Chosen {
  readonly subcommand: Subcommand;
  readonly program: Program;
  readonly root: Program;
}

/** Lets commander find the command: returns it, or the help that was asked for. */
function choose(line: readonly string[], columns: number): Chosen | { readonly text: string } {
  let text = "";
  let chosen: Chosen | undefined;
  const root = buildProgram(columns, (written) => text += written);
  for (const subcommand of SUBCOMMANDS) {
    const program = addSubcommand(root, subcommand);
    program.action(() => {
      chosen = { subcommand, program, root };
    });
  }
  try {
    root.parse([...line], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { text: text.trimEnd() };
    throw new UsageError(errorText(error, line), USAGE);
  }
  if (chosen === undefined) throw new UsageError("The command line names no command", USAGE);
  return chosen;
}

/** commander's message as a sentence on one line. */
function errorText({ code, message }: CommanderError, line: readonly string[]): string {
  if (code === "commander.help") return `No command ${JSON.stringify(line.at(-1))} to help with`;
  const text = message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ").replace(/\.$/, "")
    .replaceAll("'", '"').replace("unknown option", "unknown flag").replace(/^option /, "flag ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function flagsOf(root: Program): FlagValues {
  const given = Object.entries(root.opts<Record<string, readonly string[]>>());
  const names = new Map(FLAGS.map(({ name }) => [new Option(`--${name}`).attributeName(), name]));
  return readGivenFlags(new Map(given.map(([key, texts]) => [names.get(key) ?? key, texts])));
}

/** The parser of the flags that all commands have. */
function buildProgram(columns: number, write: (text: string) => void): Program {
  const root = new Program("weir")
    .description("A Kubernetes service proxy in kube-proxy's place, on nftables maps.")
    .usage("[command] [flags]")
    .helpOption("-h, --help", "Print this help")
    .helpCommand("help [command]", "Print the help of a command")
    .exitOverride()
    .configureOutput({
      writeOut: write,
      writeErr: write,
      outputError: () => {}, // the message is in the error that exitOverride makes it throw
      getOutHelpWidth: () => columns,
      getErrHelpWidth: () => columns,
      getOutHasColors: () => false, // would read the environment
      getErrHasColors: () => false,
    })
    .configureHelp(HELP);
  for (const flag of FLAGS) {
    const option = new Option(`--${flag.name} <value>`, describeFlag(flag))
      .argParser((text, before: readonly string[] | undefined) => [...before ?? [], text])
      .helpGroup(`${flag.group}:`);
    root.addOption(flag.deprecated === undefined ? option : option.hideHelp());
  }
  return root;
}

function addSubcommand(root: Program, subcommand: Subcommand): Program {
  const program = root.command(subcommand.name)
    .description(subcommand.summary)
    .usage(subcommand.takesFlags ? "[flags]" : "")
    .configureHelp({ ...HELP, showGlobalOptions: subcommand.takesFlags })
    .allowExcessArguments(false);
  subcommand.configure?.(program);
  return program;
}

const HELP = { optionTerm: flagTerm, minWidthToWrap: 24 };

async function readRender({ options }: Given): Promise<Command> {
  const read = await options();
  if (read.manifests === "") {
    throw new UsageError("Cannot render without objects: add --manifests DIR", USAGE);
  }
  return { command: "render", options: read };
}

function configureExplain(program: Program): void {
  program.usage("TARGET [--from WHO] [--output FORMAT] [flags]")
    .argument("<target>", "ADDRESS:PORT[/udp|/sctp] or NAMESPACE/NAME[:PORT]")
    .option("--from <who>", "Who connects: pod, node, outside or an IP address (default all three)")
    .option("-o, --output <format>", "text or json (default text)")
    .addHelpText(
      "after",
      "\nThe weir that runs on this node answers, through its metrics server: --metrics-bind-address or\n" +
        "--config says where that is. With --manifests DIR nothing has to run: the answer is about what\n" +
        "weir would do with the objects in the folder.",
    );
}

async function readExplain({ options, program }: Given): Promise<Command> {
  const { readExplainRequest } = await import("./explain_request.ts");
  const request = readExplainRequest(program);
  return { command: "explain", options: await options(), request };
}
