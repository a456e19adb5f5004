import { PERMISSIONS } from "./permissions.ts";

/**
 * How weir is run, as flags of `deno run` and `deno compile`: with {@linkcode PERMISSIONS}, a small space for young
 * objects, and the right to ask V8 for memory back (`daemon/compact_heap.ts`).
 *
 * V8 lets that space grow to 16 MiB and keeps it. What weir reads from the network dies young, so that 1 MiB costs it no
 * time and saves a third of its memory (docs/performance.md).
 */
export const RUN_FLAGS: readonly string[] = [
  "--v8-flags=--max-semi-space-size=1,--expose-gc",
  ...PERMISSIONS,
];
