import assert from "node:assert/strict";
import { load } from "js-yaml";
import { createMetrics } from "../../daemon/metrics.ts";

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
}

/** The first cells of the rows of a page's section, each word in backquotes an item. */
function names(page: string, heading: string): readonly string[] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  const rows = section.split("\n## ", 1)[0]?.match(/^\| `.*$/gm) ?? [];
  const cells = rows.map((row) => row.split("|")[1] ?? "");
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)[^`]*`/g)].map(([, name = ""]) => name));
}

Deno.test("docs/monitor.md has every metric of weir's own, and no other", async () => {
  const page = await read("docs/monitor.md");
  const text = await createMetrics().text();
  const known = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name);
  const own = known.filter((name) => name.startsWith("weir_"));
  const described = names(page, "What to watch").filter((name) => name.startsWith("weir_"));
  assert.deepEqual([...described].sort(), [...own].sort());
  for (const [name] of page.matchAll(/\b(?:weir|kubeproxy)_\w+/g)) {
    assert.ok(known.includes(name), name);
  }
});

Deno.test("docs/monitor.md says of every alert what to do", async () => {
  const { groups } = load(await read("deploy/prometheus/alerts.yaml")) as {
    groups: { rules: { alert: string }[] }[];
  };
  const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  const described = names(await read("docs/monitor.md"), "Alerts");
  assert.deepEqual([...described].sort(), alerts.sort());
});

Deno.test("docs/monitor.md has every Event that weir writes", async () => {
  const reasons = new Set<string>();
  for await (const { name } of Deno.readDir(new URL("../../daemon", import.meta.url))) {
    const source = await read(`daemon/${name}`).catch(() => ""); // a folder has no text
    if (!source.includes("EventNotice")) continue;
    for (const [, value = ""] of source.matchAll(/\breason: (.*)/g)) {
      for (const [, reason = ""] of value.matchAll(/"([A-Z]\w+)"/g)) reasons.add(reason);
    }
  }
  const described = names(await read("docs/monitor.md"), "Events");
  assert.deepEqual([...described].sort(), [...reasons].sort());
});
