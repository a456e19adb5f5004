import assert from "node:assert/strict";
import { FLAG_TYPES, type FlagTypeName, type FlagValue } from "../../config/flag_types.ts";

/** Reads the values of one flag that was given once or more. */
function read(type: FlagTypeName, ...texts: string[]): FlagValue | undefined {
  return texts.reduce<FlagValue | undefined>(
    (previous, text) => FLAG_TYPES[type].parse(text, previous),
    undefined,
  );
}

Deno.test("Flags read what Go's flags read", () => {
  const table: { type: FlagTypeName; given: string[]; want: FlagValue }[] = [
    { type: "bool", given: ["true"], want: true },
    { type: "bool", given: ["F"], want: false },
    { type: "bool", given: ["1", "0"], want: false },
    { type: "string", given: ["a", "b"], want: "b" },
    { type: "int32", given: ["-999"], want: -999 },
    { type: "int32", given: ["+5"], want: 5 },
    { type: "int32", given: ["0x10"], want: 16 },
    { type: "int32", given: ["-010"], want: -8 },
    { type: "int32", given: ["1_000"], want: 1000 },
    { type: "level", given: ["2147483647"], want: 2147483647 },
    { type: "float", given: ["-1.5e1"], want: -15 },
    { type: "float", given: ["1_0.5"], want: 10.5 },
    { type: "duration", given: ["1m30s"], want: 90_000 },
    { type: "duration", given: ["0"], want: 0 },
    { type: "list", given: ["a,b", "c"], want: ["a", "b", "c"] },
    { type: "list", given: ['"a,b",c', '"d ""e"""'], want: ["a,b", "c", 'd "e"'] },
    { type: "list", given: [""], want: [] },
    { type: "list", given: ["a,"], want: ["a", ""] },
    { type: "gates", given: ["A=true, B = false", "C=1"], want: { A: true, B: false, C: true } },
    { type: "gates", given: ["A=true", "A=false"], want: { A: false } },
    { type: "ip", given: [" 10.0.0.1 "], want: "10.0.0.1" },
    { type: "ip", given: [""], want: "" },
    { type: "ipport", given: ["fd00::5"], want: "fd00::5" },
    { type: "ipport", given: ["[fd00::5]:80"], want: "[fd00::5]:80" },
    { type: "ipport", given: ["10.0.0.1:0"], want: "10.0.0.1:0" },
    {
      type: "vmodule",
      given: ["a*=1", "b=2,"],
      want: [{ filePattern: "a*", verbosity: 1 }, { filePattern: "b", verbosity: 2 }],
    },
    { type: "quantity", given: ["4Ki"], want: "4Ki" },
    { type: "version", given: ["true"], want: "true" },
    { type: "version", given: ["0"], want: "false" },
    { type: "version", given: ["raw"], want: "raw" },
    { type: "version", given: ["v1.35.0-rc.1"], want: "v1.35.0-rc.1" },
  ];
  for (const { type, given, want } of table) {
    assert.deepEqual(read(type, ...given), want, `${type} ${given.join(" | ")}`);
  }
});

Deno.test("Flags refuse what Go's flags refuse, and say why", () => {
  const table: { type: FlagTypeName; given: string; want: RegExp }[] = [
    { type: "bool", given: "maybe", want: /neither "true" nor "false"/ },
    { type: "bool", given: "", want: /neither "true" nor "false"/ },
    { type: "int32", given: "abc", want: /whole number/ },
    { type: "int32", given: "1.5", want: /whole number/ },
    { type: "int32", given: "99999999999", want: /not between/ },
    { type: "int32", given: "09", want: /whole number/ },
    { type: "int32", given: "_1", want: /whole number/ },
    { type: "level", given: "-1", want: /not between 0/ },
    { type: "level", given: "0x1", want: /whole number/ },
    { type: "level", given: "2147483648", want: /not between 0/ },
    { type: "float", given: "x", want: /number/ },
    { type: "duration", given: "5", want: /not a duration/ },
    { type: "duration", given: "", want: /not a duration/ },
    { type: "list", given: 'a"b', want: /stray quote/ },
    { type: "list", given: '"a', want: /stray quote/ },
    { type: "gates", given: "A", want: /"A" has no "=true"/ },
    { type: "gates", given: "A=x", want: /value of "A"/ },
    { type: "ip", given: "foo", want: /not an IP address/ },
    { type: "ip", given: "[::]", want: /not an IP address/ },
    { type: "ipport", given: "foo", want: /neither an IP address nor IP:port/ },
    { type: "ipport", given: ":80", want: /neither an IP address nor IP:port/ },
    { type: "ipport", given: "[fd00::5]", want: /neither an IP address nor IP:port/ },
    { type: "ipport", given: "10.0.0.1:http", want: /neither an IP address nor IP:port/ },
    { type: "ipport", given: "10.0.0.1:", want: /neither an IP address nor IP:port/ },
    { type: "vmodule", given: "abc", want: /"abc" is not pattern=N/ },
    { type: "vmodule", given: "a=x", want: /whole number/ },
    { type: "quantity", given: "zz", want: /quantity/ },
    { type: "version", given: "foo", want: /neither "true", "raw" nor a version/ },
  ];
  for (const { type, given, want } of table) {
    assert.throws(() => read(type, given), { message: want }, `${type} ${given}`);
  }
});
