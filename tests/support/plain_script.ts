import { ipVersion, normalizeIp } from "ip-bigint";

/**
 * Tells what in a script is not of the few forms that weir writes; nothing when all of it is.
 *
 * Elements consist of addresses in their canonical form, ranges, numbers, protocols and names of chains; comments of a
 * few characters that mean nothing to nft. Rules are those in `rules`, but for numbers, addresses and the names of
 * Service ports with session affinity.
 */
export function oddities(script: string, rules: ReadonlySet<string>): readonly string[] {
  const statements = script.split(/\n(?! )/);
  if (statements.pop() !== "") return ["the script does not end with a newline"];
  return statements.filter((statement) => !isPlain(statement, rules));
}

/** Returns the forms of the rules in a script: what is left of them without what differs from cluster to cluster. */
export function ruleForms(script: string): ReadonlySet<string> {
  const lines = script.split("\n").filter((line) => line.startsWith("add rule "));
  return new Set(lines.map(formOf));
}

const NAME = "[a-z][A-Za-z0-9._/-]{0,250}";
const DECLARED = "(?:[a-z0-9 .,:-]| ; (?=[a-z]))+";
const PLAIN = [
  "add table (ip|ip6) weir",
  `add (set|map) (ip|ip6) weir ${NAME} \\{ ${DECLARED} ; \\}`,
  `flush (set|map) (ip|ip6) weir ${NAME}`,
  `add chain (ip|ip6) weir ${NAME}( \\{ type (filter|nat) hook [a-z]+ priority -?\\d+ ; \\})?`,
  `flush chain (ip|ip6) weir ${NAME}`,
].map((pattern) => new RegExp(`^${pattern}$`));
const ELEMENTS = new RegExp(`^(?:add|delete) element (?:ip|ip6) weir ${NAME} \\{ ([^{}]+) \\}$`);
const PART = "[0-9a-z.:/]+";
const ELEMENT = new RegExp(
  `^(${PART}(?: \\. ${PART})*)(?: comment "[A-Za-z0-9./:_?-]{1,120}")?` +
    `(?: : ((?:goto|jump) ${NAME}|drop|${PART} \\. ${PART}))?$`,
);

function isPlain(statement: string, rules: ReadonlySet<string>): boolean {
  if (statement.startsWith("add rule ")) return rules.has(formOf(statement));
  if (PLAIN.some((pattern) => pattern.test(statement))) return true;
  const elements = ELEMENTS.exec(statement)?.[1];
  return elements !== undefined && elements.split(",\n ").every(isPlainElement);
}

function isPlainElement(element: string): boolean {
  const [, key, value] = ELEMENT.exec(element) ?? [];
  if (key === undefined || !key.split(" . ").every(isPlainPart)) return false;
  if (value === undefined || value === "drop" || /^(goto|jump) /.test(value)) return true;
  return value.split(" . ").every(isPlainPart);
}

/** Tells whether a part of an element is a number, a protocol, or an address or range in its canonical form. */
function isPlainPart(part: string): boolean {
  if (/^(tcp|udp|sctp)$/.test(part)) return true;
  if (/^\d+$/.test(part)) return Number(part) <= 65_535;
  const [address = "", bits = "0"] = part.split("/");
  return /^\d{1,3}$/.test(bits) && ipVersion(address) > 0 && normalizeIp(address) === address;
}

function formOf(rule: string): string {
  return rule.replace(/^add rule ip6? weir \S+/, (head) => generic(head))
    .replace(/"[^"]*"/g, '"…"')
    .split(" ").map(generic).join(" ");
}

/** Replaces what depends on the cluster in a word of a rule. */
function generic(word: string): string {
  return word.replace(
    /\b(affinity(?:-port)?(?:-local)?|sticky(?:-local)?|learn(?:-local)?)-[A-Za-z0-9._/-]+/,
    "$1-…",
  )
    .replace(/-lb-\d+/, "-lb-…")
    .replace(/^(\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f:.]*)(\/\d+)?$/, "address")
    .replace(/^\d+s?$/, "number");
}
