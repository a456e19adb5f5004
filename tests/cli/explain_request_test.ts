import assert from "node:assert/strict";
import { parseCommandLine } from "../../cli/command_line.ts";
import { UsageError } from "../../cli/usage_error.ts";

function parse(...argv: string[]) {
  return parseCommandLine(["explain", ...argv], {
    readTextFile: () => Promise.reject(new Error("No files")),
  });
}

Deno.test("explain takes a target, a sender and a format, and the daemon's flags beside them", async () => {
  const command = await parse(
    ...["10.96.0.10:80/udp", "--from", "10.244.1.5", "--output=json", "--manifests", "dir"],
  );
  assert.ok(command.command === "explain");
  assert.equal(command.options.manifests, "dir");
  assert.deepEqual(command.request, {
    target: "10.96.0.10:80/udp",
    from: "10.244.1.5",
    output: "json",
    question: {
      target: { by: "address", address: "10.96.0.10", port: 80, protocol: "UDP" },
      from: { address: "10.244.1.5" },
    },
  });
});

Deno.test("explain writes text about every sender unless it is told otherwise", async () => {
  const command = await parse("shop/web:http", "--metrics-bind-address=127.0.0.1:1234");
  assert.ok(command.command === "explain");
  assert.deepEqual([command.request.output, command.request.from], ["text", undefined]);
  assert.equal(command.options.config.metricsBindAddress, "127.0.0.1:1234");
});

const REFUSED = [
  { given: [], want: /"target"/ },
  { given: ["a/b", "c/d"], want: /Too many arguments/ },
  { given: ["a/b", "--form=pod"], want: /Unknown flag "--form" \(Did you mean --from\?\)/ },
  { given: ["a/b", "--from=me"], want: /Cannot use "me" as --from/ },
  { given: ["a/b", "-o", "yaml"], want: /Cannot write "yaml": --output is text or json/ },
  { given: ["web"], want: /Cannot explain "web"/ },
];

for (const { given, want } of REFUSED) {
  Deno.test(`"explain ${given.join(" ")}" is refused with what is wrong`, async () => {
    await assert.rejects(parse(...given), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, want);
      return true;
    });
  });
}
