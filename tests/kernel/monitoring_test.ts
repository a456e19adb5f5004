import assert from "node:assert/strict";
import { load } from "js-yaml";
import { parseExposition, sampleOf } from "../support/exposition.ts";
import { flushRules, IN_NAMESPACE } from "../support/kernel.ts";
import { projectPath, WeirProcess } from "../support/weir_process.ts";

const METRICS = "http://127.0.0.1:10249/metrics";

/** Labels that Prometheus adds to every sample. */
const TARGET_LABELS = ["job", "instance"];

/** What Prometheus knows without weir. */
const OTHERS = new Set(["up"]);

/** The metrics that an expression of PromQL reads, each with the labels that it selects or groups by. */
interface Use {
  readonly where: string;
  readonly metric: string;
  readonly labels: readonly string[];
}

/**
 * Finds the metrics in `expression`, as far as the expressions of this project need it: a name with an optional selector,
 * below at most one `by` that is about all of its names.
 */
function usesIn(where: string, expression: string): Use[] {
  const bare = expression.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  const grouped = [...bare.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) => words(list));
  const names = bare.replaceAll(/\bby \([^)]*\)/g, "").replaceAll(/\[[^\]]*\]/g, "");
  return [...names.matchAll(/\b([a-z]+(?:_[a-z]+)+|up)\b(?!\s*\()(?:\{([^}]*)\})?/g)]
    .map(([, metric = "", selector = ""]) => ({
      where,
      metric,
      labels: [
        ...grouped,
        ...[...selector.matchAll(/(\w+)\s*[=!]/g)].map(([, label = ""]) => label),
      ],
    }));
}

function words(list: string): string[] {
  return list.split(",").map((word) => word.trim()).filter((word) => word !== "");
}

async function usesInAlerts(): Promise<Use[]> {
  const file = await Deno.readTextFile(projectPath("deploy/prometheus/alerts.yaml"));
  const { groups } = load(file) as { groups: { rules: { alert: string; expr: string }[] }[] };
  return groups.flatMap(({ rules }) => rules.flatMap(({ alert, expr }) => usesIn(alert, expr)));
}

async function usesInDashboard(): Promise<Use[]> {
  const { panels, templating } = JSON.parse(
    await Deno.readTextFile(projectPath("deploy/grafana/weir.json")),
  );
  const targets = panels.flatMap((panel: { title: string; targets?: { expr: string }[] }) =>
    (panel.targets ?? []).flatMap(({ expr }) => usesIn(panel.title, expr))
  );
  const variables = templating.list.flatMap((one: { name: string; query: { query?: string } }) =>
    usesIn(one.name, one.query.query?.replace(/label_values\((.*), \w+\)/, "$1") ?? "")
  );
  return [...targets, ...variables];
}

Deno.test({
  name: "Every metric and label in the alerts and on the dashboard is there in a scrape",
  ignore: !IN_NAMESPACE,
  async fn() {
    await flushRules();
    await using weir = new WeirProcess([
      ...["--manifests", projectPath("examples"), "--hostname-override", "node-a"],
    ]);
    for (const family of ["IPv4", "IPv6"]) await weir.logged(`Synced family=${family}`);
    const families = parseExposition(await (await fetch(METRICS)).text());
    const uses = [...await usesInAlerts(), ...await usesInDashboard()];
    assert.ok(uses.length > 60, `only ${uses.length} uses were found`);
    for (const { where, metric, labels } of uses) {
      if (OTHERS.has(metric)) continue;
      const name = metric.replace(/_(?:bucket|sum|count)$/, "");
      const family = families.get(metric) ?? families.get(name);
      assert.ok(family !== undefined, `"${where}" reads ${metric}, which is in no scrape`);
      for (const label of labels) {
        const known: readonly string[] = [
          ...family.labels,
          ...TARGET_LABELS,
          ...family.type === "histogram" ? ["le"] : [],
        ];
        if (family.samples === 0) continue; // the unit tests know its labels
        assert.ok(known.includes(label), `"${where}" expects the label ${label} of ${metric}`);
      }
    }
  },
});

Deno.test({
  name: "The memory of the nft that stays is in a scrape",
  ignore: !IN_NAMESPACE,
  async fn() {
    await flushRules();
    await using weir = new WeirProcess([
      ...["--manifests", projectPath("examples"), "--hostname-override", "node-a"],
    ]);
    await weir.until(async () => {
      const sample = 'weir_child_resident_memory_bytes{program="nft"}';
      const text = await (await fetch(METRICS).catch(() => undefined))?.text() ?? "";
      return (sampleOf(text, sample) ?? 0) > 1e6;
    }, "the memory of nft");
  },
});
