import assert from "node:assert/strict";
import { ServiceHealth, type ServiceHealthReport } from "../../daemon/service_health.ts";
import type { ListenAddresses } from "../../daemon/service_health_addresses.ts";
import type { SyncFacts } from "../../daemon/sync_observer.ts";
import { advance } from "../../model/advance.ts";
import { type DesiredState, emptyState } from "../../model/desired_state.ts";
import type { Family } from "../../model/family.ts";
import type { ClusterObject, ServiceObject } from "../../model/objects.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { recordingLog } from "../support/log.ts";
import { endpoint, service, settings, slice, snapshotOf } from "../support/objects.ts";

/** The health checks of a node whose syncs, addresses and health the test decides about. */
class Stage implements AsyncDisposable {
  healthy = true;
  readonly addresses: Record<Family, ListenAddresses> = { IPv4: ["127.0.0.1"], IPv6: ["::1"] };
  readonly clock = new FakeClock();
  readonly recording = recordingLog();
  /** What was reported: `failed default/web`, `lost default/web to default/old`. */
  readonly reports: string[] = [];
  counts: Parameters<ServiceHealthReport["counted"]>[0] = { contested: 0, failing: 0 };
  readonly #states: Record<Family, DesiredState> = {
    IPv4: emptyState("IPv4", settings()),
    IPv6: emptyState("IPv6", settings({}, "IPv6")),
  };
  readonly #ending = new AbortController();
  readonly #health = new ServiceHealth({
    healthy: () => this.healthy,
    addresses: (family) => this.addresses[family],
    ipv6Only: false,
    report: {
      failed: ({ service }, error) => {
        this.reports.push(`failed ${service}`);
        this.lastError = error;
      },
      lost: (loser, winner) => this.reports.push(`lost ${loser.service} to ${winner.service}`),
      counted: (counts) => this.counts = counts,
    },
    clock: this.clock,
    log: this.recording.log,
  });
  readonly #running = this.#health.run(this.#ending.signal);
  lastError: Error | undefined;

  /** Does a sync after which exactly `objects` exist. */
  sync(objects: readonly ClusterObject[], family: Family = "IPv4", succeeds = true): void {
    const before = this.#states[family];
    const observer = this.#health.observer(family);
    const change = { snapshot: snapshotOf(...objects), settings: before.settings };
    const transition = advance(before, { ...change, services: "all" });
    this.#states[family] = transition.next;
    observer.derived(transition);
    if (succeeds) observer.synced({ family } as SyncFacts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }
}

/** Below the ports that systems give to clients, so that no test that runs at the same time is given one of them. */
let nextPort = 21_000;

/** Returns ports that nobody listens on. */
function freePorts(count: number): readonly number[] {
  const free: number[] = [];
  for (; free.length < count; nextPort++) {
    try {
      Deno.listen({ hostname: "127.0.0.1", port: nextPort }).close();
      free.push(nextPort);
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  return free;
}

function freePort(): number {
  return freePorts(1)[0] ?? 0;
}

/** Returns Service `name` that is asked for its health on `port`. */
function checked(
  name: string,
  port: number,
  changes: Parameters<typeof service>[1] = {},
): ServiceObject {
  return service(name, {
    type: "LoadBalancer",
    externalTrafficPolicy: "Local",
    healthCheckNodePort: port,
    ...changes,
  });
}

const DUAL = {
  clusterIP: "10.96.0.10",
  clusterIPs: ["10.96.0.10", "fd00:96::10"],
  ipFamilies: ["IPv4", "IPv6"],
} as const;

/** Returns a slice of Service `owner` with a ready endpoint on this node for each address. */
function local(owner: string, ...addresses: readonly string[]) {
  return slice(owner, addresses.map((one) => endpoint(one, { nodeName: "node-a" })));
}

/** Asks a server; `undefined` when nobody listens. */
async function ask(port: number, host = "127.0.0.1", init: RequestInit = {}) {
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  try {
    const response = await fetch(`http://${host}:${port}/any/path?x`, { client, ...init });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text };
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  } finally {
    client.close();
  }
}

/** Asks until the answer is `want`, for what takes effect once a socket has closed. */
async function askUntil(port: number, want: number | undefined, host?: string): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    if ((await ask(port, host))?.status === want) return;
  }
  assert.fail(`Port ${port} never answered ${want}`);
}

function weightOf(answer: Awaited<ReturnType<typeof ask>>): string | null | undefined {
  return answer?.headers.get("x-load-balancing-endpoint-weight");
}

const hasIPv6 = Deno.networkInterfaces().some(({ address }) => address === "::1");

Deno.test("A health check is answered as kube-proxy answers it", async () => {
  await using stage = new Stage();
  const port = freePort();
  stage.sync([checked("web", port), local("web", "10.244.1.5", "10.244.1.6")]);
  const answer = await ask(port);
  assert.equal(answer?.status, 200);
  const { headers } = answer;
  assert.equal(headers.get("content-type"), "application/json");
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  assert.equal(headers.get("x-load-balancing-endpoint-weight"), "2");
  assert.equal(
    answer.text,
    '{\n\t"service": {\n\t\t"namespace": "default",\n\t\t"name": "web"\n\t},\n' +
      '\t"localEndpoints": 2,\n\t"serviceProxyHealthy": true\n}',
  );
});

Deno.test("A health check may be asked with any method", async () => {
  await using stage = new Stage();
  const port = freePort();
  stage.sync([checked("web", port), local("web", "10.244.1.5")]);
  assert.equal((await ask(port, undefined, { method: "HEAD" }))?.status, 200);
  assert.equal((await ask(port, undefined, { method: "POST", body: "x" }))?.status, 200);
});

Deno.test("Without local endpoints the answer is 503 with weight 0", async () => {
  await using stage = new Stage();
  const port = freePort();
  stage.sync([checked("web", port), slice("web", ["10.244.2.6"])]);
  const answer = await ask(port);
  assert.deepEqual([answer?.status, weightOf(answer)], [503, "0"]);
});

Deno.test("While the proxy lags behind the answer is 503, count and weight stay", async () => {
  await using stage = new Stage();
  const port = freePort();
  stage.sync([checked("web", port), local("web", "10.244.1.5")]);
  stage.healthy = false;
  const answer = await ask(port);
  assert.deepEqual([answer?.status, weightOf(answer)], [503, "1"]);
  assert.match(answer?.text ?? "", /"localEndpoints": 1,\n\t"serviceProxyHealthy": false/);
});

Deno.test("Answers follow successful syncs, and one makes up for those that failed", async () => {
  await using stage = new Stage();
  const [port = 0, later = 0] = freePorts(2);
  stage.sync([checked("web", port), local("web", "10.244.1.5")]);
  const other = [checked("api", later), local("api", "10.244.1.7")];
  stage.sync([checked("web", port), ...other], "IPv4", false);
  assert.deepEqual([(await ask(port))?.status, await ask(later)], [200, undefined]);
  stage.sync([checked("web", port), ...other]);
  assert.deepEqual([(await ask(port))?.status, (await ask(later))?.status], [503, 200]);
});

Deno.test("A port is closed when its Service goes or is no longer to be checked", async () => {
  await using stage = new Stage();
  const [port = 0, other = 0] = freePorts(2);
  const web = [checked("web", port), local("web", "10.244.1.5")];
  stage.sync([...web, checked("api", other)]);
  stage.sync([...web, checked("api", other, { externalTrafficPolicy: "Cluster" })]);
  await askUntil(other, undefined);
  assert.equal((await ask(port))?.status, 200);
  stage.sync([]);
  await askUntil(port, undefined);
});

Deno.test("A changed port is closed, and the new one opened", async () => {
  await using stage = new Stage();
  const [before = 0, after = 0] = freePorts(2);
  stage.sync([checked("web", before), local("web", "10.244.1.5")]);
  stage.sync([checked("web", after), local("web", "10.244.1.5")]);
  assert.equal((await ask(after))?.status, 200);
  await askUntil(before, undefined);
});

Deno.test("A Service that goes and returns at once is answered again", async () => {
  await using stage = new Stage();
  const port = freePort();
  const web = [checked("web", port), local("web", "10.244.1.5")];
  stage.sync(web);
  stage.sync([]);
  stage.sync(web);
  await askUntil(port, 200);
  assert.deepEqual(stage.reports, []);
});

Deno.test("A port that is in use is reported, and bound at a following sync", async () => {
  await using stage = new Stage();
  const port = freePort();
  const web = [checked("web", port), local("web", "10.244.1.5")];
  {
    using _ = Deno.listen({ hostname: "127.0.0.1", port });
    stage.sync(web);
    stage.sync(web);
  }
  assert.deepEqual(stage.reports, ["failed default/web", "failed default/web"]);
  const message = `Cannot listen on "127.0.0.1:${port}" for health checks`;
  assert.equal(stage.lastError?.message, message);
  assert.deepEqual(stage.counts, { contested: 0, failing: 1 });
  stage.sync(web);
  assert.equal((await ask(port))?.status, 200);
  assert.deepEqual(stage.counts, { contested: 0, failing: 0 });
  const reason = `${message}: Address already in use (os error 98)`.replaceAll('"', '\\"');
  assert.deepEqual(stage.recording.lines.filter((line) => !line.startsWith("DEBUG")), [
    `ERROR Cannot answer health checks, trying again port=${port} error="${reason}"`,
    `INFO  Health checks are answered now port=${port}`,
  ]);
});

Deno.test("A port that is in use is tried again every 5 s, without any sync", async () => {
  await using stage = new Stage();
  const port = freePort();
  {
    using _ = Deno.listen({ hostname: "127.0.0.1", port });
    stage.sync([checked("web", port), local("web", "10.244.1.5")]);
    await stage.clock.advance(5_000);
    assert.equal(stage.reports.length, 2);
  }
  await stage.clock.advance(4_999);
  assert.equal(await ask(port), undefined);
  await stage.clock.advance(1);
  assert.equal((await ask(port))?.status, 200);
});

Deno.test("A port that is in use is forgotten with its Service", async () => {
  await using stage = new Stage();
  const port = freePort();
  using _ = Deno.listen({ hostname: "127.0.0.1", port });
  stage.sync([checked("web", port)]);
  stage.sync([]);
  await stage.clock.advance(10_000);
  assert.deepEqual(stage.reports, ["failed default/web"]);
  assert.equal(stage.counts.failing, 0);
});

Deno.test("One address that is in use does not keep the others from being served", {
  ignore: !hasIPv6,
}, async () => {
  await using stage = new Stage();
  const port = freePort();
  using _ = Deno.listen({ hostname: "127.0.0.1", port });
  const web = checked("web", port, DUAL);
  stage.sync([web, local("web", "10.244.1.5")]);
  stage.sync([web, local("web", "fd00:244::5")], "IPv6");
  assert.equal((await ask(port, "[::1]"))?.status, 200);
  assert.equal(stage.counts.failing, 1);
});

Deno.test("The oldest of two Services has the port, the other one takes over when it goes", async () => {
  await using stage = new Stage();
  const port = freePort();
  const young = [
    checked("young", port, { creationTimestamp: "2026-01-02T00:00:00Z" }),
    local("young", "10.244.1.5", "10.244.1.6"),
  ];
  stage.sync(young);
  assert.equal(weightOf(await ask(port)), "2");
  stage.sync([...young, checked("old", port), local("old", "10.244.1.7")]);
  assert.equal(weightOf(await ask(port)), "1");
  assert.deepEqual(stage.reports, ["lost default/young to default/old"]);
  assert.deepEqual(stage.counts, { contested: 1, failing: 0 });
  stage.sync([...young, checked("old", port), local("old", "10.244.1.8")]);
  assert.equal(stage.reports.length, 1);
  stage.sync(young);
  assert.equal(weightOf(await ask(port)), "2");
  assert.deepEqual(stage.counts, { contested: 0, failing: 0 });
  const warnings = stage.recording.lines.filter((line) => line.startsWith("WARN"));
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /"default\/old" is the oldest and has it, not "default\/young"/);
});

Deno.test("An address that comes or goes is followed at the next sync", async () => {
  await using stage = new Stage();
  const port = freePort();
  const web = [checked("web", port), local("web", "10.244.1.5")];
  stage.addresses.IPv4 = [];
  stage.sync(web);
  assert.equal(await ask(port), undefined);
  stage.addresses.IPv4 = ["127.0.0.1"];
  stage.sync(web);
  assert.equal((await ask(port))?.status, 200);
  stage.addresses.IPv4 = [];
  stage.sync(web);
  await askUntil(port, undefined);
  assert.deepEqual(stage.reports, []);
});

Deno.test("Each family is answered with its own endpoints", { ignore: !hasIPv6 }, async () => {
  await using stage = new Stage();
  const port = freePort();
  const web = checked("web", port, DUAL);
  stage.sync([web, local("web", "10.244.1.5", "10.244.1.6")]);
  stage.sync([web, local("web", "fd00:244::5")], "IPv6");
  assert.equal(weightOf(await ask(port)), "2");
  assert.equal(weightOf(await ask(port, "[::1]")), "1");
});

Deno.test("Without IPv6 a Service is answered on every address of IPv4 only", async () => {
  await using stage = new Stage();
  stage.addresses.IPv4 = "any";
  stage.addresses.IPv6 = "any";
  const port = freePort();
  const web = [checked("web", port), local("web", "10.244.1.5")];
  stage.sync(web);
  stage.sync(web, "IPv6");
  assert.equal((await ask(port))?.status, 200);
  assert.equal(await ask(port, "[::1]"), undefined);
});

Deno.test("The wildcards of both families are one socket that tells the families apart", {
  ignore: !hasIPv6,
}, async () => {
  await using stage = new Stage();
  stage.addresses.IPv4 = "any";
  stage.addresses.IPv6 = "any";
  const port = freePort();
  const web = checked("web", port, DUAL);
  stage.sync([web, local("web", "10.244.1.5", "10.244.1.6")]);
  assert.equal(weightOf(await ask(port)), "2");
  stage.sync([web, local("web", "fd00:244::5")], "IPv6");
  await askUntil(port, 200, "[::1]");
  assert.equal(weightOf(await ask(port, "[::1]")), "1");
  assert.equal(weightOf(await ask(port)), "2");
  stage.sync([]);
  assert.equal(await ask(port), undefined, "no Service asks for answers over IPv4");
  assert.equal((await ask(port, "[::1]"))?.status, 200);
  assert.deepEqual(stage.reports, []);
});

Deno.test(
  "A wildcard of IPv6 answers over IPv4 on the addresses that are wanted only, as they are now",
  {
    ignore: !hasIPv6,
  },
  async () => {
    await using stage = new Stage();
    stage.addresses.IPv4 = ["127.0.0.2"];
    stage.addresses.IPv6 = "any";
    const port = freePort();
    const web = checked("web", port, DUAL);
    const ipv4 = [web, local("web", "10.244.1.5")];
    stage.sync(ipv4);
    stage.sync([web, local("web", "fd00:244::5")], "IPv6");
    await askUntil(port, 200, "[::1]");
    assert.equal((await ask(port, "127.0.0.2"))?.status, 200);
    assert.equal(await ask(port, "127.0.0.1"), undefined);
    stage.addresses.IPv4 = ["127.0.0.1"];
    stage.sync(ipv4);
    assert.equal((await ask(port, "127.0.0.1"))?.status, 200);
    assert.equal(await ask(port, "127.0.0.2"), undefined);
  },
);

Deno.test("A Service of IPv6 alone has no answers over IPv4", { ignore: !hasIPv6 }, async () => {
  await using stage = new Stage();
  stage.addresses.IPv4 = "any";
  stage.addresses.IPv6 = "any";
  const port = freePort();
  const changes = { clusterIP: "fd00:96::10" };
  const web = [checked("web", port, changes), local("web", "fd00:244::5")];
  stage.sync(web);
  stage.sync(web, "IPv6");
  assert.equal((await ask(port, "[::1]"))?.status, 200);
  assert.equal(await ask(port), undefined);
});

Deno.test("A thousand Services are answered, and all ports are free when it ends", async () => {
  const ports = freePorts(1000);
  {
    await using stage = new Stage();
    const objects = ports.flatMap((port, index) => [
      checked(`web-${index}`, port, { clusterIP: `10.96.${index >> 8}.${index & 255}` }),
      local(`web-${index}`, "10.244.1.5"),
    ]);
    stage.sync(objects);
    const sample = ports.filter((_, index) => index % 97 === 0);
    for (const port of sample) assert.equal((await ask(port))?.status, 200);
    assert.equal(stage.counts.failing, 0);
  }
  for (const port of ports) Deno.listen({ hostname: "127.0.0.1", port }).close();
});

Deno.test("The end closes connections that a load balancer keeps open", async () => {
  const stage = new Stage();
  const port = freePort();
  stage.sync([checked("web", port), local("web", "10.244.1.5")]);
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  await connection.read(new Uint8Array(1000));
  await stage[Symbol.asyncDispose]();
  const end = await connection.read(new Uint8Array(1)).catch((error) => error.name);
  assert.equal(end === null || end === "ConnectionReset", true);
  connection.close();
});
