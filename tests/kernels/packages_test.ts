import assert from "node:assert/strict";
import { mergedPath } from "./initramfs.ts";
import { combinations, titleOf } from "./matrix.ts";
import { parseSimulation } from "./packages.ts";

Deno.test("What apt-get would install is read with its versions, whatever releases it comes from", () => {
  const text = `Reading package lists...
Inst libattr1 (1:2.5.1-4 Debian:12.15/oldstable [amd64])
Inst libc6 (2.36-9+deb12u14 Debian:12.15/oldstable [amd64]) []
Inst perl (5.36.0-7 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64])
Conf libattr1 (1:2.5.1-4 Debian:12.15/oldstable [amd64])
`;
  assert.deepEqual(parseSimulation(text), [
    { name: "libattr1", version: "1:2.5.1-4" },
    { name: "libc6", version: "2.36-9+deb12u14" },
    { name: "perl", version: "5.36.0-7" },
  ]);
});

Deno.test("Files of packages go where the links of a merged /usr lead", () => {
  const table = {
    "/bin/sh": "/usr/bin/sh",
    "/sbin": "/usr/sbin",
    "/lib64/ld-linux-x86-64.so.2": "/usr/lib64/ld-linux-x86-64.so.2",
    "/usr/sbin/nft": "/usr/sbin/nft",
    "/library/x": "/library/x",
    "/etc/protocols": "/etc/protocols",
  };
  for (const [path, want] of Object.entries(table)) assert.equal(mergedPath(path), want);
});

Deno.test("Kernels and versions of nft can be chosen; without a choice it is all of them", () => {
  assert.deepEqual(combinations(["6.1"], []).map(titleOf), [
    "linux-6.1-nft-1.0.6",
    "linux-6.1-nft-1.1.3",
  ]);
  assert.deepEqual(combinations(["5.10", "6.12"], ["1.1.3"]).map(titleOf), [
    "linux-5.10-nft-1.1.3",
    "linux-6.12-nft-1.1.3",
  ]);
  assert.equal(combinations([], []).length, 6);
  assert.deepEqual(combinations(["2.6"], []), []);
});
