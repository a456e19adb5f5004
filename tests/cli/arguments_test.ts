import assert from "node:assert/strict";
import { normaliseArguments } from "../../cli/arguments.ts";

const TABLE: readonly { name: string; given: string[]; tokens: string[]; hasCommand?: boolean }[] =
  [
    { name: "nothing", given: [], tokens: [] },
    { name: "a value with =", given: ["--config=x"], tokens: ["--config=x"] },
    { name: "a value that follows", given: ["--config", "x"], tokens: ["--config=x"] },
    {
      name: "a value that looks like a flag",
      given: ["--oom-score-adj", "-5"],
      tokens: ["--oom-score-adj=-5"],
    },
    { name: "an empty value", given: ["--cluster-cidr="], tokens: ["--cluster-cidr="] },
    {
      name: "an empty value that follows",
      given: ["--config", "", "--dry-run"],
      tokens: ["--config=", "--dry-run=true"],
    },
    { name: "a value with = in it", given: ["--vmodule=a=1"], tokens: ["--vmodule=a=1"] },
    { name: "underscores", given: ["--kube_api_qps", "7"], tokens: ["--kube-api-qps=7"] },
    { name: "underscores in a value", given: ["--proxy_mode=a_b"], tokens: ["--proxy-mode=a_b"] },
    {
      name: "a switch does not take the next argument",
      given: ["--profiling", "render"],
      tokens: ["--profiling=true", "render"],
      hasCommand: true,
    },
    { name: "a switch that is off", given: ["--profiling=false"], tokens: ["--profiling=false"] },
    { name: "-v=7", given: ["-v=7"], tokens: ["--v=7"] },
    { name: "-v7", given: ["-v7"], tokens: ["--v=7"] },
    { name: "-v 7", given: ["-v", "7"], tokens: ["--v=7"] },
    { name: "--v 7", given: ["--v", "7"], tokens: ["--v=7"] },
    {
      name: "--version alone",
      given: ["--version", "x"],
      tokens: ["--version=true", "x"],
      hasCommand: true,
    },
    { name: "empty arguments", given: ["", "--dry-run", ""], tokens: ["--dry-run=true"] },
    { name: "a flag without its value", given: ["--config"], tokens: ["--config"] },
    {
      name: "a command and its own flags",
      given: ["trace", "--from", "a", "--config", "x"],
      tokens: ["trace", "--from", "a", "--config=x"],
      hasCommand: true,
    },
    {
      name: "a command's own flag with =",
      given: ["trace", "--from=a=b", "--json"],
      tokens: ["trace", "--from", "a=b", "--json"],
      hasCommand: true,
    },
    { name: "an unknown flag and its value", given: ["--confg", "x"], tokens: ["--confg", "x"] },
    { name: "help", given: ["-h", "render"], tokens: ["-h", "render"], hasCommand: true },
    { name: "--", given: ["--", "--config", ""], tokens: ["--", "--config", ""] },
  ];

Deno.test("normaliseArguments() reads flags as kube-proxy does", () => {
  for (const { name, given, tokens, hasCommand = false } of TABLE) {
    assert.deepEqual(normaliseArguments(given), { tokens, hasCommand }, name);
  }
});
