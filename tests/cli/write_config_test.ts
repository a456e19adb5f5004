import assert from "node:assert/strict";
import { writeConfigTo } from "../../cli/write_config.ts";
import { defaultConfiguration } from "../../config/configuration.ts";
import { writeConfiguration } from "../../config/write.ts";

const CONFIG = defaultConfiguration();

Deno.test("writeConfigTo() makes the file, and replaces what was in it", async () => {
  const folder = await Deno.makeTempDir({ prefix: "weir-config-" });
  try {
    const file = `${folder}/config.yaml`;
    for (const before of [undefined, "x".repeat(10_000)]) {
      if (before !== undefined) await Deno.writeTextFile(file, before);
      await writeConfigTo(file, CONFIG);
      assert.equal(await Deno.readTextFile(file), writeConfiguration(CONFIG));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("writeConfigTo() names a file that cannot be written, and keeps the reason", async () => {
  await assert.rejects(writeConfigTo("/none/config.yaml", CONFIG), (error) => {
    assert.ok(error instanceof Error && error.cause instanceof Deno.errors.NotFound);
    assert.equal(error.message, 'Cannot write the configuration to "/none/config.yaml"');
    return true;
  });
});

Deno.test({
  name: "writeConfigTo() says what to do when weir may not write files",
  permissions: { write: false },
  async fn() {
    await assert.rejects(writeConfigTo("config.yaml", CONFIG), {
      message: 'Cannot write the configuration to "config.yaml": ' +
        'weir runs without --allow-write, write to "/dev/stdout" instead',
    });
  },
});
