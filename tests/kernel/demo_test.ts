import assert from "node:assert/strict";
import { runDemo } from "../../cli/demo.ts";
import { WeirProcess } from "../support/weir_process.ts";

Deno.test("the demo runs from beginning to end, and all that it claims is so", async () => {
  let text = "";
  const code = await runDemo({ write: (piece) => text += piece, colour: false });
  assert.equal(code, 0, text);
  assert.match(text, /Checked: all \d+ claims hold/);
  const long = text.split("\n").filter((line) => line.length > 80);
  assert.deepEqual(long, [], "readable in 80 columns");
});

Deno.test("a demo that is ended early leaves nothing behind", async () => {
  const stop = new AbortController();
  const tmp = Deno.env.get("TMPDIR") ?? "/tmp";
  const leftovers = () => [...Deno.readDirSync(tmp)].filter((e) => e.name.startsWith("weir-demo-"));
  const before = leftovers().length;
  let text = "";
  const code = await runDemo({
    colour: false,
    signal: stop.signal,
    write(piece) {
      text += piece;
      if (text.includes("first connection answered")) stop.abort();
    },
  });
  assert.equal(code, 130, text);
  assert.equal(leftovers().length, before);
});

Deno.test("with the rights that a compiled weir has, the demo says where it can be had", async () => {
  await using weir = new WeirProcess(["demo"]);
  assert.equal(await weir.ended(), 1);
  assert.match(weir.output, /^Error: Cannot show the demo with the rights of .*"deno task demo"/);
  assert.equal(weir.log, "");
});

Deno.test("where namespaces are not allowed, the demo says so and shows the rules", async () => {
  const shims = await Deno.makeTempDir({ prefix: "weir-shims-" });
  try {
    const refuse = "#!/bin/sh\necho 'unshare: Operation not permitted' >&2\nexit 1\n";
    await Deno.writeTextFile(`${shims}/unshare`, refuse, { mode: 0o755 });
    const program = `import { runDemo } from "${new URL("../../cli/demo.ts", import.meta.url)}";
Deno.exit(await runDemo());`;
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", `--config=${config}`, program],
      env: { PATH: `${shims}:${Deno.env.get("PATH")}` },
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.equal(code, 0, text);
    assert.match(text, /Cannot make network namespaces: .*Operation not permitted/);
    assert.match(text, /^add table ip weir$/m);
    assert.match(text, /^add table ip6 weir$/m);
  } finally {
    await Deno.remove(shims, { recursive: true });
  }
});
