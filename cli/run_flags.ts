import { PERMISSIONS } from "./permissions.ts";

/**
 * How weir is run, as flags of `deno run` and `deno compile`: with {@linkcode PERMISSIONS}, a small space for young
 * objects, and the right to ask V8 for memory back (`daemon/compact_heap.ts`).
 *
 * V8 lets that space grow to 16 MiB. What weir reads from the network dies young, so that 4 MiB costs it no time and
 * keeps the peak of a start lower (docs/performance.md).
 */
export const RUN_FLAGS: readonly string[] = [
  "--v8-flags=--max-semi-space-size=4,--expose-gc",
  ...PERMISSIONS,
];
