import assert from "node:assert/strict";
import { createCredentials } from "../../watch/credentials.ts";
import type { ClusterAccess } from "../../watch/kubeconfig.ts";
import { FakeClock } from "../support/fake_clock.ts";

function credentials(access: Partial<ClusterAccess>, files: Record<string, string> = {}) {
  const clock = new FakeClock();
  const read: string[] = [];
  const readTextFile = (path: string) => {
    read.push(path);
    const text = files[path];
    return text === undefined ? Promise.reject(new Error("gone")) : Promise.resolve(text);
  };
  const full = { server: "https://h", origin: "the test", ...access };
  return { clock, read, files, made: createCredentials(full, { readTextFile, clock }) };
}

const PRESENTED = [
  { name: "nothing", access: {}, want: {} },
  { name: "a token", access: { token: { text: "t" } }, want: { authorization: "Bearer t" } },
  {
    name: "a token file",
    access: { token: { file: "t" } },
    want: { authorization: "Bearer from-file" },
  },
  {
    name: "a password",
    access: { basic: { username: "u", password: "p" } },
    want: { authorization: `Basic ${btoa("u:p")}` },
  },
  {
    name: "certificates",
    access: { ca: { text: "CA" }, cert: { text: "CERT" }, key: { text: "KEY" } },
    want: { ca: "CA", cert: "CERT", key: "KEY" },
  },
];
for (const { name, access, want } of PRESENTED) {
  Deno.test(`createCredentials() presents ${name}`, async () => {
    assert.deepEqual(await credentials(access, { t: "from-file\n" }).made.current(), want);
  });
}

Deno.test("Credentials from a file are read again after ten seconds, or at once when refused", async () => {
  const { clock, read, files, made } = credentials({ token: { file: "t" } }, { t: "old" });
  await made.current();
  files.t = "new";
  await clock.advance(9999);
  assert.equal((await made.current()).authorization, "Bearer old");
  assert.deepEqual(read, ["t"]);
  await clock.advance(1);
  assert.equal((await made.current()).authorization, "Bearer new");
  files.t = "newer";
  made.invalidate();
  assert.equal((await made.current()).authorization, "Bearer newer");
});

Deno.test("Credentials say which file they cannot read, and try it again the next time", async () => {
  const { files, made } = credentials({ token: { file: "/t" } });
  await assert.rejects(made.current(), /Cannot read "\/t", named by the test: gone/);
  files["/t"] = "there";
  assert.equal((await made.current()).authorization, "Bearer there");
});

Deno.test({
  name: "Credentials come from an exec plugin, which is asked again when its token is refused",
  async fn() {
    const dir = await Deno.makeTempDir();
    try {
      const script = `Deno.writeTextFileSync("${dir}/calls", "x", { append: true });
        const calls = Deno.readTextFileSync("${dir}/calls").length;
        console.log(JSON.stringify({ kind: "ExecCredential", status: { token: "token-" + calls } }));`;
      await Deno.writeTextFile(`${dir}/plugin.ts`, script);
      const exec = {
        apiVersion: "client.authentication.k8s.io/v1",
        command: Deno.execPath(),
        args: ["run", "--no-config", "--allow-read", "--allow-write", `${dir}/plugin.ts`],
      };
      const text = JSON.stringify({
        clusters: [{ name: "c", cluster: { server: "https://h" } }],
        users: [{ name: "u", user: { exec } }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
        "current-context": "x",
      });
      const { made } = credentials({ plugin: { text, folder: dir }, ca: { text: "CA" } });
      const first = { ca: "CA", authorization: "Bearer token-1" };
      assert.deepEqual(await made.current(), first);
      assert.deepEqual(await made.current(), first);
      made.invalidate();
      assert.equal((await made.current()).authorization, "Bearer token-2");
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});
