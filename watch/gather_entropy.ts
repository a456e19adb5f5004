/**
 * Has the entropy gathered that the first TLS connection needs, on another thread.
 *
 * The cryptography library below Deno takes 50 ms to measure the processor's jitter before it gives out its first random
 * number, and for a TLS connection it would do so on the thread that runs everything. Making a key needs such a number too,
 * and happens elsewhere. The key is not used.
 */
export function gatherEntropy(): void {
  const curve = { name: "ECDH", namedCurve: "P-256" };
  crypto.subtle.generateKey(curve, false, ["deriveBits"]).catch(() => {});
}
