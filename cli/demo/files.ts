import { CONFIGURATION } from "./proxy.ts";

/** The folder of the examples. */
export const EXAMPLES = new URL("../../examples/", import.meta.url);

/** The demo's files, in a folder that is removed in the end. */
export interface DemoFiles extends AsyncDisposable {
  readonly manifests: string;
  readonly config: string;
}

/** Copies the examples, which the demo is going to change, and writes the configuration. */
export async function copyExamples(): Promise<DemoFiles> {
  const folder = await Deno.makeTempDir({ prefix: "weir-demo-" });
  const dispose = () => Deno.remove(folder, { recursive: true });
  try {
    const manifests = `${folder}/manifests`, config = `${folder}/config.yaml`;
    await Deno.mkdir(manifests);
    for await (const { name } of Deno.readDir(EXAMPLES)) {
      if (!name.endsWith(".yaml")) continue;
      const text = await Deno.readTextFile(new URL(name, EXAMPLES));
      await Deno.writeTextFile(`${manifests}/${name}`, text);
    }
    await Deno.writeTextFile(config, CONFIGURATION);
    return { manifests, config, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
