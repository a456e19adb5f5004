import type { Report } from "./report.ts";
import type { Stage } from "./stage.ts";

/** What is shown of the ruleset, and why. */
const PARTS: readonly { readonly words: string; readonly show: readonly string[] }[] = [
  {
    words: "Every packet for a Service takes one look into a map:",
    show: ["list chain ip weir services"],
  },
  {
    words: "The map says how many endpoints there are. my-svc has two:",
    show: ["get element ip weir service-ips { 10.96.0.10 . tcp . 80 }"],
  },
  {
    words: "All Services with two endpoints share one chain, which rolls the dice:",
    show: ["list chain ip weir tcp-lb-2"],
  },
  {
    words: "And an element for each endpoint says where to go:",
    show: [0, 1].map((slot) => `get element ip weir tcp-endpoints { 10.96.0.10 . 80 . ${slot} }`),
  },
];

/** Shows the heart of the ruleset, as the kernel has it. */
export async function rulesScene(report: Report, { node }: Stage): Promise<void> {
  report.heading("The heart of the ruleset, as the kernel has it (table ip weir)");
  for (const { words, show } of PARTS) {
    report.say(words);
    for (const command of show) report.say(essence(await node.output("nft", [command])));
  }
  const counts = await count(node);
  report.say(`In all: ${counts}. More Services only add elements.`);
}

/** Leaves out the braces around everything, and how a map is declared. */
export function essence(listing: string): string {
  return listing.split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && line !== "}" && !/^(?:table|chain|map|set|type) /.test(line))
    .map((line) => `   ${line.replace(/^elements = \{ (.*) \}$/, "$1")}`)
    .join("\n");
}

async function count(node: Stage["node"]): Promise<string> {
  const table = await node.output("nft", ["list table ip weir"]);
  const chains = table.match(/^\tchain /gm)?.length ?? 0;
  const maps = table.match(/^\t(?:map|set) /gm)?.length ?? 0;
  return `${chains} chains, ${maps} sets and maps`;
}
