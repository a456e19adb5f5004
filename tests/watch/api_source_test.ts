import assert from "node:assert/strict";
import { createApiSource } from "../../watch/api_source.ts";
import { createClient } from "../../watch/client.ts";
import { BadServer, type Exchange } from "../support/bad_server.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { recordingLog } from "../support/log.ts";
import { Recorder, until } from "./_recorder.ts";

const LISTS = [
  {
    kind: "Service",
    path: "/api/v1/services",
    labelSelector: "!service.kubernetes.io/service-proxy-name",
    fieldSelector: "spec.clusterIP!=None",
  },
  {
    kind: "EndpointSlice",
    path: "/apis/discovery.k8s.io/v1/endpointslices",
    labelSelector: "!service.kubernetes.io/headless",
    fieldSelector: null,
  },
  {
    kind: "Node",
    path: "/api/v1/nodes",
    labelSelector: null,
    fieldSelector: "metadata.name=node-1",
  },
  {
    kind: "ServiceCIDR",
    path: "/apis/networking.k8s.io/v1/servicecidrs",
    labelSelector: null,
    fieldSelector: null,
  },
];

function setup(url: string) {
  const clock = new FakeClock();
  const credentials = { current: () => Promise.resolve({}), invalidate: () => {} };
  const client = createClient({ server: url, credentials, clock });
  const { log, lines } = recordingLog();
  const source = createApiSource({ client, nodeName: "node-1", clock, log, random: () => 0.5 });
  return { client, clock, source, lines, sink: new Recorder(), ending: new AbortController() };
}

Deno.test("The API source asks for all kinds at once, each with its selectors, and ends cleanly", async () => {
  await using server = new BadServer();
  const { client, source, sink, ending } = setup(server.url);
  const running = source.run(sink, ending.signal);
  const requests: Exchange[] = [];
  for (const _ of LISTS) requests.push(await server.receive());
  for (const { kind, path, labelSelector, fieldSelector } of LISTS) {
    const request = requests.find((request) => request.path === path);
    assert.equal(request?.query.get("labelSelector"), labelSelector, kind);
    assert.equal(request?.query.get("fieldSelector"), fieldSelector, kind);
    request.stream().endOfList("1");
  }
  await sink.until(LISTS.length);
  assert.deepEqual(sink.calls.toSorted(), LISTS.map(({ kind }) => `replace ${kind}`).toSorted());
  ending.abort();
  await running;
  await assert.rejects(client.request("/", { signal: new AbortController().signal }), /closed/);
});

Deno.test("The API source keeps trying, and says why, while the server is not there", async () => {
  const server = new BadServer();
  await server[Symbol.asyncDispose]();
  const { clock, source, lines, sink, ending } = setup(server.url);
  const running = source.run(sink, ending.signal);
  await until(() => lines.length === LISTS.length);
  for (const line of lines) {
    assert.match(line, /^WARN {2}Cannot list and watch.*refused.*retryInMs=800/);
  }
  await until(() => clock.sleepers === LISTS.length);
  clock.advance(800);
  await until(() => lines.length === 2 * LISTS.length);
  ending.abort();
  await running;
  assert.deepEqual(sink.calls, []);
});
