/**
 * Measures how long Deno takes to load packages, against an empty program: the best of some runs each, as other work only
 * adds to it. `deno run --no-lock --allow-run --allow-read --allow-write bench/parts/packages.ts`
 */
const RUNS = 8;

const SETS: Readonly<Record<string, readonly string[]>> = {
  "nothing": [],
  "as they come": [
    "yaml@2.9.1",
    "commander@15.1.0",
    "ipaddr.js@2.5.0",
    "immutable@5.2.1",
    "zod@4.6.7",
    "@logtape/logtape@2.4.2",
  ],
  "those of weir": [
    "js-yaml@5.5.0",
    "ip-bigint@10.0.0",
    "immutable@5.2.1/dist/immutable.es.js",
    "zod@4.6.7",
    "@logtape/logtape@2.4.2",
  ],
};

const dir = await Deno.makeTempDir({ prefix: "weir-packages-" });
try {
  for (const [name, packages] of Object.entries(SETS)) {
    const file = `${dir}/${name.replaceAll(" ", "-")}.js`;
    await Deno.writeTextFile(file, packages.map((one) => `import "npm:${one}";\n`).join(""));
    const args = ["run", "--quiet", "--no-config", "--no-lock", "--allow-all", file];
    const times: number[] = [];
    for (let run = 0; run <= RUNS; run++) {
      const began = performance.now();
      const { success } = await new Deno.Command(Deno.execPath(), { args }).output();
      if (!success) throw new Error(`Cannot load ${packages.join(", ")}`);
      times.push(performance.now() - began);
    }
    const best = Math.min(...times.slice(1)); // the first run compiles
    Deno.stdout.writeSync(new TextEncoder().encode(`${name}: ${best.toFixed(0)} ms\n`));
  }
} finally {
  await Deno.remove(dir, { recursive: true });
}
