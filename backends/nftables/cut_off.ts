/**
 * Cuts a script, given in chunks of whole statements, into others such that nft refuses all of it unless the last one
 * arrives: each ends with the first word of a statement.
 *
 * nft takes the end of its input for the end of the script. When weir is killed while it writes, nft would put into force
 * what has arrived: maps that are flushed, and not filled again.
 */
export function* refusedWhenCutOff(script: Iterable<string>): Iterable<string> {
  let rest = "";
  for (const chunk of script) {
    if (chunk === "") continue;
    const word = chunk.indexOf(" ");
    yield rest + chunk.slice(0, word);
    rest = chunk.slice(word);
  }
  yield rest;
}
