import { runProcess } from "../../backends/process.ts";

/** Set by the test runner inside a network namespace of its own. */
export const IN_NAMESPACE = Deno.env.get("WEIR_TEST_NAMESPACE") === "1";

/** Registers a test that changes the kernel's rules: it runs in the test runner's network namespace only. */
export function kernelTest(name: string, run: () => Promise<void>): void {
  Deno.test({ name, ignore: !IN_NAMESPACE, fn: run });
}

/** Runs nft and returns what it prints. Throws what it complains about. */
export async function nft(...args: readonly string[]): Promise<string> {
  return await nftWith(undefined, ...args);
}

/** Runs nft with `script` on standard input. */
export async function nftWith(
  script: Iterable<string> | undefined,
  ...args: readonly string[]
): Promise<string> {
  const result = await runProcess("nft", args, {
    timeoutMs: 30_000,
    ...(script === undefined ? {} : { stdin: script }),
  });
  if (result.code !== 0) throw new Error(`nft ${args.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

/** Removes all rules of the namespace. */
export async function flushRules(): Promise<void> {
  await nft("flush", "ruleset");
}
