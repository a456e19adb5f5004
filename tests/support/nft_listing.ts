/**
 * Brings the output of `nft list table` into an order that depends on the contents only.
 *
 * The kernel lists elements in the order of their hashes and chains in the order of their making. Returns a line for
 * each chain, set and map, with rules in their order and elements sorted.
 */
export function canonicalListing(listing: string): readonly string[] {
  const blocks = [...listing.matchAll(/^\t(set|map|chain) (\S+) \{\n([\s\S]*?)^\t\}/gm)];
  return blocks.map(([, what, name, body = ""]) => {
    const elements = /elements = \{([\s\S]*?)\}\n/.exec(body);
    const rest = body.replace(elements?.[0] ?? "", "").replace(/\s+/g, " ").trim();
    const sorted = (elements?.[1] ?? "").split(",").map((one) => one.replace(/\s+/g, " ").trim());
    return `${what} ${name}: ${rest} { ${sorted.sort().join(", ")} }`;
  }).sort();
}
