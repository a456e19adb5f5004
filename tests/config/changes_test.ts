import assert from "node:assert/strict";
import { changedFields } from "../../config/changes.ts";
import { defaultConfiguration } from "../../config/configuration.ts";
import { parseConfiguration } from "../../config/parse.ts";
import { configText } from "./config_text.ts";

Deno.test("Configurations differ in fields, whatever their text is", () => {
  const table: { given: string; want: readonly string[] }[] = [
    { given: "", want: [] },
    { given: "# nothing\noomScoreAdj: -999\nclusterCIDR:", want: [] },
    { given: "mode: nftables\nclusterCIDR: 10.0.0.0/8", want: ["mode", "clusterCIDR"] },
    { given: "nftables: {syncPeriod: 1m}", want: ["nftables.syncPeriod"] },
    { given: "nodePortAddresses: [primary]", want: ["nodePortAddresses"] },
    { given: "featureGates: {AllAlpha: false}", want: ["featureGates.AllAlpha"] },
    {
      given: "logging: {vmodule: [{filePattern: a, verbosity: 1}]}",
      want: ["logging.vmodule"],
    },
  ];
  for (const { given, want } of table) {
    const { config } = parseConfiguration(configText(given), { file: "x" });
    assert.deepEqual(changedFields(defaultConfiguration(), config), want, given);
    assert.deepEqual(changedFields(config, defaultConfiguration()), want, given);
  }
});
