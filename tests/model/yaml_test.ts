import assert from "node:assert/strict";
import { CORE_SCHEMA } from "js-yaml";
import { readYaml } from "../../model/yaml.ts";

/** Reads a text: each document as its data and line, or the line of its problem and the reason. */
function read(text: string): readonly unknown[] {
  return readYaml(text, { schema: CORE_SCHEMA }).map((document) =>
    "reason" in document
      ? { line: document.line, reason: document.reason }
      : [document.data, document.root.line]
  ).toArray();
}

const TEXTS: readonly { name: string; given: string; want: readonly unknown[] }[] = [
  { name: "nothing", given: "", want: [] },
  { name: "comments", given: "# a\n# b\n", want: [] },
  { name: "one document", given: "\n# a\na: 1\n", want: [[{ a: 1 }, 3]] },
  { name: "several documents", given: "---\na\n---\nb\n", want: [["a", 2], ["b", 4]] },
  {
    name: "an empty document",
    given: "a\n---\n---\nb\n",
    want: [["a", 1], [null, undefined], ["b", 4]],
  },
  { name: "content beside the marker", given: "--- a\n--- b", want: [["a", 1], ["b", 2]] },
  { name: "a marker of the end", given: "a\n...\n# c\n...\nb\n", want: [["a", 1], ["b", 5]] },
  {
    name: "a marker inside a line",
    given: "a: b ---\nc: ----\n",
    want: [[{ a: "b ---", c: "----" }, 1]],
  },
  {
    name: "a marker that is indented",
    given: "a: |\n  ---\n  ...\n",
    want: [[{ a: "---\n...\n" }, 1]],
  },
  {
    name: "directives",
    given: "%YAML 1.2\n# c\n---\na\n...\n%TAG !k! tag:k,1:\n---\nb\n",
    want: [["a", 4], ["b", 8]],
  },
  {
    name: "Windows line ends",
    given: "---\r\na: 1\r\n---\r\nb: 2\r\n",
    want: [[{ a: 1 }, 2], [{ b: 2 }, 4]],
  },
  { name: "byte order marks", given: "\uFEFFa\n\uFEFF---\nb\n", want: [["a", 1], ["b", 3]] },
  {
    name: "a document that is broken",
    given: "a\n---\nb: [\n---\nc\n",
    want: [["a", 1], { line: 4, reason: "deficient indentation" }, [
      "c",
      5,
    ]],
  },
  {
    name: "a key that is there twice",
    given: "a: 1\nb: 2\na: 3\n---\nc\n",
    want: [{ line: 3, reason: "duplicated mapping key" }, ["c", 5]],
  },
  {
    name: "an alias from another document",
    given: "a: &x 1\n---\nb: *x\n",
    want: [[{ a: 1 }, 1], { line: 3, reason: 'unidentified alias "x"' }],
  },
  {
    name: "an alias inside of what it stands for",
    given: "a: 1\nb: &x\n- *x\n",
    want: [{ line: 3, reason: "aliases make the document too large" }],
  },
];
for (const { name, given, want } of TEXTS) {
  Deno.test(`readYaml() reads ${name}`, () => assert.deepEqual(read(given), want));
}

Deno.test("Aliases may repeat a lot, but not what repeats a lot in turn", () => {
  const many = `a: &a [1, 2]\nb: [${Array(10_000).fill("*a").join(", ")}]\n`;
  assert.equal((read(many)[0] as unknown[])[1], 1);
  const bomb = `${many.replace("b:", "b: &b")}c: [${Array(100).fill("*b").join(", ")}]\n`;
  assert.deepEqual(read(bomb), [{ line: 3, reason: "aliases make the document too large" }]);
});

Deno.test("Keys and items of a document know their lines", () => {
  const text = `# c
name: a
list:
- a
- |
  b
- &x
  c: d
- [e,
  "f"]
- *x
- !!str g
-
? name
: b
`;
  const [document] = readYaml(text, { schema: CORE_SCHEMA, lastCounts: true });
  assert.ok(document !== undefined && "root" in document, JSON.stringify(document));
  const { entries } = document.root;
  assert.deepEqual(entries.map(({ name, key }) => [name, key.line]), [
    ["name", 2],
    ["list", 3],
    ["name", 14],
  ]);
  const items = entries[1]?.value.items ?? [];
  assert.deepEqual(items.map(({ line }) => line), [4, 5, 8, 9, 11, 12, undefined]);
  assert.deepEqual(items[3]?.items.map(({ line }) => line), [9, 10]);
  assert.equal((document.data as { name: string }).name, "b");
});

Deno.test("A key has the name that it has in the data", () => {
  const [document] = readYaml("0x10: a\n'0x10': b\ntrue: c\n", { schema: CORE_SCHEMA });
  assert.ok(document !== undefined && "root" in document, JSON.stringify(document));
  const names = document.root.entries.map(({ name }) => name);
  assert.deepEqual(names.toSorted(), Object.keys(document.data as object).toSorted());
});
