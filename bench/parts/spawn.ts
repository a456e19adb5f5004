/**
 * Measures what it costs this process to start another one, with a process group of its own and without, when 100 MB are
 * resident. `deno run --allow-run=true bench/parts/spawn.ts`
 */
const TIMES = 20;

/** Memory that a fork has to tell the kernel about, page by page. */
const held = Array.from({ length: 100 }, () => new Uint8Array(1 << 20).fill(1));

for (const detached of [false, true, false, true]) {
  let total = 0;
  for (let index = 0; index < TIMES; index++) {
    const command = new Deno.Command("true", { stdout: "piped", detached });
    const began = performance.now();
    const child = command.spawn();
    total += performance.now() - began;
    await child.output();
  }
  const text = `detached: ${detached}  ${
    (total / TIMES).toFixed(2)
  } ms  (${held.length} MB held)\n`;
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
