// What the images hold, and what weir does in one. tests/image/main.ts builds them and runs this.

import assert from "node:assert/strict";
import { dump, load } from "js-yaml";
import { runProcess } from "../../backends/process.ts";
import { type ApiServer, startApiServer } from "../support/api_server.ts";
import { createObjects, offer } from "../support/cluster_objects.ts";
import { nft } from "../support/kernel.ts";
import { accountToken, applyRights } from "../support/kubectl.ts";
import { storedEvents } from "../support/stored_events.ts";
import { projectPath } from "../support/weir_process.ts";
import { Container, containerSpec, type ImageConfig } from "./container.ts";
import { type BuiltImages, IMAGES } from "./images.ts";

const images: BuiltImages = JSON.parse(Deno.env.get(IMAGES) ?? "{}");

const PROGRAMS = [
  "/usr/bin/choom",
  "/usr/bin/kill",
  "/usr/bin/ps",
  "/usr/sbin/conntrack",
  "/usr/sbin/nft",
  "/usr/sbin/sysctl",
];

/** What iptables and its kin are in an image: links to one program a variant. */
const TAKEOVER = ["/usr/sbin/ip", "/usr/sbin/ipset", "/usr/sbin/ipvsadm"].concat(
  ["iptables", "ip6tables"].flatMap((family) =>
    ["", "-nft", "-legacy"].flatMap((variant) =>
      ["save", "restore"].map((verb) => `/usr/sbin/${family}${variant}-${verb}`)
    )
  ),
);

const HELD: Readonly<Record<keyof BuiltImages, readonly string[]>> = {
  sources: [...PROGRAMS, "/usr/local/bin/deno"],
  weir: [...PROGRAMS, "/usr/local/bin/kube-proxy", "/usr/local/bin/weir"],
  takeover: [
    ...PROGRAMS,
    ...TAKEOVER,
    "/usr/local/bin/kube-proxy",
    "/usr/local/bin/weir",
  ],
};

/** What runs with a runtime that does nothing, as there is no other here. */
const STAND_INS = ["/usr/local/bin/kube-proxy", "/usr/local/bin/weir"];

/** Lists the files below `folder` with their modes, not following links. */
async function* files(folder: string): AsyncGenerator<{ path: string; mode: number }> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* files(path);
    else yield { path, mode: (await Deno.lstat(path)).mode ?? 0 };
  }
}

for (const name of ["sources", "weir", "takeover"] as const) {
  Deno.test(`The image "${name}" holds weir and its programs: no shell, nothing setuid`, async () => {
    const { root } = images[name];
    const programs: string[] = [];
    for (const folder of ["usr/bin", "usr/sbin", "usr/local"]) {
      for await (const { path } of files(`${root}/${folder}`)) {
        programs.push(path.slice(root.length));
      }
    }
    assert.deepEqual(programs.toSorted(), HELD[name].toSorted());
    for await (const { path, mode } of files(root)) assert.equal(mode & 0o6000, 0, path);
  });
}

Deno.test("Every program of the images finds its libraries", async () => {
  for (const [name, { root }] of Object.entries(images)) {
    const programs = HELD[name as keyof BuiltImages].filter((path) => !STAND_INS.includes(path));
    for (const path of programs) {
      // What they answer depends on the machine: ipvsadm wants a kernel with IPVS.
      const args = [root, path, path.endsWith("/ip") ? "-V" : "--version"];
      const { code, stderr } = await runProcess("chroot", args, { timeoutMs: 10_000 });
      assert.ok(code < 126 && !stderr.includes("shared libraries"), `${name} ${path}: ${stderr}`);
    }
  }
});

Deno.test("In a container as the DaemonSet has it weir syncs, answers probes and writes Events", async () => {
  await using server = await startApiServer();
  await createObjects(server, "127.0.0.1");
  await using container = await startContainer(server, images.sources);
  const listed = async () => await nft("list", "map", "ip", "weir", "tcp-endpoints");
  await container.until(
    async () => (await listed().catch(() => "")).includes("10.244.1.5 . 8080"),
    "the Service's endpoint",
  );
  await container.until(async () => await statusOf("/readyz") === 200, "/readyz");
  assert.equal(await statusOf("/healthz"), 200);
  assert.equal(await statusOf("/livez"), 200);
  await container.until(
    async () => (await storedEvents(server)).some(({ reason }) => reason === "Starting"),
    "the Event",
  );

  const pid = await container.pid();
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const netAdmin = "0000000000001000";
  for (const set of ["CapPrm", "CapEff", "CapBnd"]) {
    assert.match(status, new RegExp(`^${set}:\\t${netAdmin}$`, "m"));
  }
  assert.match(status, /^NoNewPrivs:\t1$/m);
  assert.match(status, /^Seccomp:\t2$/m);
  const [rootMount] = (await Deno.readTextFile(`/proc/${pid}/mountinfo`)).match(/^.* \/ ro,.*$/m) ??
    [];
  assert.ok(rootMount !== undefined, "the root file system is not read-only");

  await server.request("DELETE", "/api/v1/namespaces/default/services/web");
  await container.until(async () => !(await listed()).includes("10.244.1.5"), "the deletion");
  assert.doesNotMatch(container.log, /^\S+ (WARN|ERROR)/m);
  assert.equal(await container.end(), 0);
  assert.match(await nft("list", "tables"), /table ip weir/);
});

const SERVICES = 1_000;
const ENDPOINTS = 10;

/** How long it is watched when nothing changes. */
const IDLE_SECONDS = 10;

Deno.test("With 1,000 Services weir takes less memory than the DaemonSet requests", async () => {
  await nft("flush", "ruleset");
  await using server = await startApiServer();
  await createMany(server);
  await using container = await startContainer(server, images.sources);
  await container.until(async () => await statusOf("/readyz") === 200, "/readyz");
  const endpoints = (await nft("list", "map", "ip", "weir", "tcp-endpoints")).match(
    / : 10\.1[23]/g,
  );
  assert.equal(endpoints?.length, SERVICES * ENDPOINTS);
  const used = await usageOf(await container.pid());
  await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000));
  const later = await usageOf(await container.pid());
  const { resources: { requests } } = await containerSpec();
  // deno-lint-ignore no-console -- figures for people
  console.log(
    `${SERVICES} Services with ${ENDPOINTS} endpoints: ${later.mebibytes} MiB, ` +
      `${used.cpuSeconds.toFixed(1)} s of CPU until they are in force, ` +
      `then ${((later.cpuSeconds - used.cpuSeconds) / IDLE_SECONDS * 1000).toFixed(0)} m`,
  );
  const asked = Number(/^(\d+)Mi$/.exec(requests.memory)?.[1]);
  assert.ok(later.mebibytes < asked, `${later.mebibytes} MiB, the DaemonSet requests ${asked} MiB`);
});

/** What a process and its children have used: resident memory, and time on a CPU. */
async function usageOf(pid: number): Promise<{ mebibytes: number; cpuSeconds: number }> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const [user, system, childUser, childSystem] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    .slice(11, 15).map(Number) as [number, number, number, number];
  const usage = {
    mebibytes: Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024),
    cpuSeconds: (user + system + childUser + childSystem) / 100, // Linux counts in hundredths
  };
  for (const child of await childrenOf(pid)) {
    const { mebibytes, cpuSeconds } = await usageOf(child);
    usage.mebibytes += mebibytes;
    usage.cpuSeconds += cpuSeconds;
  }
  return usage;
}

/** The children of all of a process's threads. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const lists: string[] = [];
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    lists.push(await Deno.readTextFile(`/proc/${pid}/task/${name}/children`).catch(() => ""));
  }
  return lists.join(" ").split(" ").filter((id) => id !== "").map(Number);
}

/** Creates many Services, some at a time. */
async function createMany(server: ApiServer): Promise<void> {
  await createObjects(server, "127.0.0.1");
  for (let first = 0; first < SERVICES; first += 50) {
    const indices = Array.from({ length: 50 }, (_, index) => first + index);
    await Promise.all(indices.map((index) => offerNumbered(server, index)));
  }
}

async function offerNumbered(server: ApiServer, index: number): Promise<void> {
  const end = `${Math.floor(index / 250)}.${index % 250 + 1}`;
  const addresses = Array.from({ length: ENDPOINTS }, (_, number) => `10.${128 + number}.${end}`);
  await offer(server, `svc-${index}`, `10.100.${end}`, addresses);
}

/** Starts the image with a ServiceAccount's volume, as kubelet mounts it, and the configuration in deploy/. */
async function startContainer(
  server: ApiServer,
  { root, config }: { readonly root: string; readonly config: ImageConfig },
): Promise<Container> {
  const { dir } = server;
  await applyRights(server);
  const account = `${dir}/serviceaccount`;
  for (const folder of [account, `${dir}/config`, `${dir}/bundle`]) await Deno.mkdir(folder);
  await Deno.writeTextFile(`${account}/token`, await accountToken(server));
  await Deno.copyFile(`${dir}/certs/apiserver.crt`, `${account}/ca.crt`);
  const settings = load(await Deno.readTextFile(projectPath("deploy/config.yaml")));
  const complete = { ...settings as object, clusterCIDR: "10.244.0.0/16" };
  await Deno.writeTextFile(`${dir}/config/config.yaml`, dump(complete));
  const { hostname, port } = new URL(server.url);
  return await Container.start({
    root,
    image: config,
    dir: `${dir}/bundle`,
    mounts: {
      "/etc/weir": `${dir}/config`,
      "/run/secrets/kubernetes.io/serviceaccount": account,
    },
    env: {
      NODE_NAME: "node-1",
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
    },
  });
}

async function statusOf(path: string): Promise<number | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:10256${path}`);
    await response.body?.cancel();
    return response.status;
  } catch {
    return undefined;
  }
}
