/** What V8 offers as `gc` with the flag `--expose-gc`. */
type CollectGarbage = (
  options: { type: "major"; flavor: "last-resort"; execution: "async" },
) => Promise<void>;

/**
 * Gives back the memory that starting took: what the lists left behind, and the code that ran once.
 *
 * V8 would do so by itself when half a minute has gone by without much happening, which on a busy cluster is never. Takes
 * 0.1 s with 1,000 Services and 0.3 s with 10,000, in which nothing else happens. Does nothing without the flag.
 */
export async function compactHeap(): Promise<void> {
  const { gc } = globalThis as { readonly gc?: CollectGarbage };
  await gc?.({ type: "major", flavor: "last-resort", execution: "async" });
}
