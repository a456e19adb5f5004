/**
 * Measures the first TLS connection of a process, with its entropy gathered before and without. Arguments: the URL of a
 * server, the file of its certificate authority, and "gather" or nothing.
 * `deno run --allow-net --allow-read bench/parts/first_connection.ts https://127.0.0.1:6443/version ca.crt gather`
 */
import { gatherEntropy } from "../../watch/gather_entropy.ts";

/** Milliseconds in which weir loads its modules, and the entropy is gathered. */
const LOADING_MS = 150;

const [url = "", ca = "", how] = Deno.args;
const client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(ca)] });
if (how === "gather") gatherEntropy();
await new Promise((resolve) => setTimeout(resolve, LOADING_MS));
for (const which of ["first", "second"]) {
  const began = performance.now();
  const response = await fetch(url, { client });
  await response.body?.cancel();
  const text = `${which} request: ${(performance.now() - began).toFixed(1)} ms\n`;
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
client.close();
