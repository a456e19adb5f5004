import assert from "node:assert/strict";
import { UnknownSyntaxError } from "../../../backends/memory/tokens.ts";
import { EMPTY_RULESET } from "../../../backends/memory/ruleset.ts";
import { runScript } from "../../../backends/memory/transaction.ts";
import { NftError } from "../../../backends/nftables/nft_error.ts";
import { BASE, SCRIPTS } from "./_scripts.ts";

for (const { name, script, refused } of SCRIPTS) {
  const verb = refused === undefined ? "takes" : "refuses";
  Deno.test(`The in-memory nft ${verb} what nft ${verb}: ${name}`, () => {
    const before = runScript(EMPTY_RULESET, BASE);
    if (refused === undefined) {
      runScript(before, script);
      return;
    }
    assert.throws(() => runScript(before, script), (error) => {
      assert.ok(error instanceof NftError);
      assert.ok(error.message.includes(refused), error.message);
      return true;
    });
  });
}

Deno.test("A refused script names its line as nft does", () => {
  const script = "# comment\nadd table ip t\n\nadd rule ip t missing drop\n";
  assert.throws(() => runScript(EMPTY_RULESET, script), (error) => {
    assert.ok(error instanceof NftError);
    assert.equal(error.line, "add rule ip t missing drop");
    assert.equal(
      error.message,
      "Cannot apply a transaction: nft says " +
        '"Could not process rule: No such file or directory" at line 4: "add rule ip t missing drop"',
    );
    return true;
  });
});

const UNKNOWN: readonly { name: string; statement: string; says: string }[] = [
  { name: "a statement", statement: "insert rule ip t other drop", says: "is not known" },
  {
    name: "a match",
    statement: "add rule ip t other tcp flags syn drop",
    says: 'reads "tcp", which is not known',
  },
  {
    name: "a verdict",
    statement: "add rule ip t other ct state new queue",
    says: 'reads "queue", which is not known',
  },
  {
    name: "an option of masquerading",
    statement: "add rule ip t other masquerade random",
    says: 'reads "masquerade", which is not known',
  },
  {
    name: "a value",
    statement: "add rule ip t other ip daddr example.org drop",
    says: 'has "example.org", which is no address',
  },
  {
    name: "a comparison of several values with one",
    statement: "add rule ip t other ip daddr . ip saddr 10.0.0.1 drop",
    says: "compares several values with one",
  },
  {
    name: "a port that is none",
    statement: "add element ip t data { 10.0.0.4 : 10.0.0.2 . 70000 }",
    says: 'has "70000", which is no port',
  },
  {
    name: "a key of another length",
    statement: "add element ip t ways { 10.0.0.4 . tcp : drop }",
    says: 'has ":" where "." is known',
  },
  {
    name: "a value in a set",
    statement: "add element ip t ranges { 11.0.0.0/8 : drop }",
    says: 'gives a value to an element of the set "ranges"',
  },
  {
    name: "the policy of a hook",
    statement: "add chain ip t c { type filter hook input priority 0 ; policy drop ; }",
    says: "where a hook is known",
  },
  {
    name: "words after the end",
    statement: "flush chain ip t other now",
    says: 'goes on with "now"',
  },
  { name: "a statement that is cut", statement: "add element ip t data { 10.0.0.4", says: '"}"' },
];

for (const { name, statement, says } of UNKNOWN) {
  Deno.test(`What the evaluator has not been taught is an error that shows it: ${name}`, () => {
    const before = runScript(EMPTY_RULESET, BASE);
    assert.throws(() => runScript(before, statement), (error) => {
      assert.ok(error instanceof UnknownSyntaxError, String(error));
      assert.ok(error.message.includes(statement) && error.message.includes(says), error.message);
      return true;
    });
  });
}

Deno.test("A transaction leaves the ruleset before it as it was", () => {
  const before = runScript(EMPTY_RULESET, BASE);
  const data = before.get("ip t")?.collections.get("data");
  const after = runScript(before, "flush map ip t data\ndelete map ip t data");
  assert.equal(after.get("ip t")?.collections.has("data"), false);
  assert.equal(before.get("ip t")?.collections.get("data"), data);
  assert.equal(data?.buckets.size, 1);
});
