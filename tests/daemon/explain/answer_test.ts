import assert from "node:assert/strict";
import fc from "fast-check";
import type { Settings } from "../../../model/settings.ts";
import { FAMILIES } from "../../../model/family.ts";
import type { ClusterObject } from "../../../model/objects.ts";
import { arbitraryCluster } from "../../support/arbitrary_cluster.ts";
import { endpoint, service, slice } from "../../support/objects.ts";
import { ask, choicesOf, sourcesOf } from "./_ask.ts";

const HERE = { nodeName: "node-a" };
const LOCAL = { internalTrafficPolicy: "Local", externalTrafficPolicy: "Local" } as const;
const BALANCED = {
  type: "LoadBalancer",
  ingress: [{ ip: "198.51.100.1", ipMode: "VIP" }],
  healthCheckNodePort: 31999,
};

interface Situation {
  readonly name: string;
  readonly objects: readonly ClusterObject[];
  readonly settings?: Partial<Settings>;
  readonly target?: string;
  readonly from?: string;
  readonly answer: RegExp;
  readonly choices?: Readonly<Record<string, string>>;
  /** What the notes, or remarks and problems, have to say. */
  readonly notes?: readonly RegExp[];
}

const SITUATIONS: readonly Situation[] = [
  {
    name: "a cluster IP with endpoints",
    objects: [service("web"), slice("web", ["10.244.1.5", "10.244.2.6"])],
    answer: /^10\.96\.0\.10:80\/TCP is the cluster IP of "default\/web": reaches 2 endpoints$/,
    choices: { "10.244.1.5:8080": "yes", "10.244.2.6:8080": "yes" },
  },
  {
    name: "a Service without slices",
    objects: [service("web")],
    answer: /rejected, there is no endpoint that can serve$/,
    notes: [/No EndpointSlice names this Service/],
  },
  {
    name: "endpoints that are not ready, or on their way out",
    objects: [
      service("web"),
      slice("web", [
        "10.244.1.5",
        endpoint("10.244.1.6", { ready: false, serving: false }),
        endpoint("10.244.1.7", { ready: false, terminating: true }),
        endpoint("10.244.1.8", { ready: false, serving: false, terminating: true }),
        endpoint("10.244.1.300"),
      ]),
    ],
    answer: /reaches 1 endpoint$/,
    choices: {
      "10.244.1.5:8080": "yes",
      "10.244.1.6:8080": "not ready",
      "10.244.1.7:8080": "terminating, and others are ready",
      "10.244.1.8:8080": "terminating, and does not serve",
      "10.244.1.300": '"10.244.1.300" is not an IPv4 address',
    },
    notes: [/EndpointSlice "default\/web-a": Skipped an endpoint: "10\.244\.1\.300"/],
  },
  {
    name: "endpoints of which all are on their way out",
    objects: [
      service("web"),
      slice("web", [endpoint("10.244.1.7", { ready: false, terminating: true })]),
    ],
    answer: /reaches 1 endpoint$/,
    choices: { "10.244.1.7:8080": "yes" },
  },
  {
    name: "internalTrafficPolicy Local with no endpoint here",
    objects: [
      service("web", LOCAL),
      slice("web", ["10.244.2.6", endpoint("10.244.2.7", { nodeName: "" })]),
    ],
    answer: /dropped, internalTrafficPolicy is Local, and no endpoint on this node can serve$/,
    choices: {
      "10.244.2.6:8080": "on another node",
      "10.244.2.7:8080": "not known on which node",
    },
  },
  {
    name: "externalTrafficPolicy Local with endpoints elsewhere only",
    objects: [service("web", { ...BALANCED, ...LOCAL }), slice("web", ["10.244.2.6"])],
    target: "198.51.100.1:80",
    answer: /: pods and this node: reaches 1 endpoint; everybody else: dropped$/,
  },
  {
    name: "the same, asked for one sender outside",
    objects: [service("web", { ...BALANCED, ...LOCAL }), slice("web", ["10.244.2.6"])],
    target: "198.51.100.1:80",
    from: "203.0.113.9",
    answer: /: dropped, externalTrafficPolicy is Local, and no endpoint on this node can serve$/,
  },
  {
    name: "hints for another zone",
    objects: [
      service("web"),
      slice("web", [
        endpoint("10.244.1.5", { zoneHints: ["zone-a"] }),
        endpoint("10.244.2.6", { zoneHints: ["zone-b"] }),
      ]),
    ],
    settings: { zone: "zone-a" },
    answer: /reaches 1 endpoint$/,
    choices: {
      "10.244.1.5:8080": "yes",
      "10.244.2.6:8080": 'its hints are for zone "zone-b", not for "zone-a"',
    },
  },
  {
    name: "hints that do not count",
    objects: [
      service("web"),
      slice("web", [endpoint("10.244.1.5", { zoneHints: ["zone-a"] }), "10.244.2.6"]),
    ],
    settings: { zone: "zone-a" },
    answer: /reaches 2 endpoints$/,
    notes: [/Ignored hints for zones: a ready endpoint has none/],
  },
  {
    name: "a slice whose port has another name",
    objects: [
      service("web", { ports: [{ name: "http" }] }),
      slice("web", ["10.244.1.5"], { ports: [{ name: "web", protocol: "TCP", port: 8080 }] }),
    ],
    answer: /rejected/,
    notes: [/"web-a" with 1 endpoint has no port "http" \(TCP\): it has "web" \(TCP\)/],
  },
  {
    name: "slices of the other family only",
    objects: [service("web"), slice("web", ["fd00:244::5"])],
    answer: /rejected/,
    notes: [/No EndpointSlice has IPv4 addresses: they have IPv6/],
  },
  {
    name: "source ranges without the sender",
    objects: [
      service("web", { ...BALANCED, loadBalancerSourceRanges: ["198.51.100.0/24"] }),
      slice("web", ["10.244.1.5"]),
    ],
    target: "198.51.100.1:80",
    from: "203.0.113.9",
    answer: /: dropped, loadBalancerSourceRanges do not have the source$/,
  },
  {
    name: "source ranges, asked for everybody: somebody whom they admit stands for the others",
    objects: [
      service("web", { ...BALANCED, loadBalancerSourceRanges: ["198.51.100.0/24"] }),
      slice("web", ["10.244.1.5"]),
    ],
    target: "198.51.100.1:80",
    answer: /: pods and this node: dropped; everybody else: reaches 1 endpoint$/,
  },
  {
    name: "an address that two Services claim",
    objects: [
      service("old", { externalIPs: ["198.51.100.1"] }),
      service("new", {
        clusterIP: "10.96.0.11",
        externalIPs: ["198.51.100.1"],
        creationTimestamp: "2026-02-01T00:00:00Z",
      }),
      slice("old", ["10.244.1.5"]),
    ],
    target: "198.51.100.1:80",
    answer: /is the external IP of "default\/old": reaches 1 endpoint$/,
    notes: [/claimed by more than one Service: "default\/old".*not "default\/new"/],
  },
  {
    name: "the Service that lost such a conflict",
    objects: [
      service("old", { externalIPs: ["198.51.100.1"] }),
      service("new", {
        clusterIP: "10.96.0.11",
        ports: [{ name: "http" }],
        externalIPs: ["198.51.100.1"],
        creationTimestamp: "2026-02-01T00:00:00Z",
      }),
      slice("old", ["10.244.1.5"]),
    ],
    target: "default/new:http",
    answer: /^Service "default\/new" has 2 addresses and ports$/,
    notes: [/claimed by more than one Service/],
  },
  {
    name: "a node port",
    objects: [
      service("web", { type: "NodePort", ports: [{ nodePort: 30080 }] }),
      slice("web", ["10.244.1.5"]),
    ],
    target: "192.0.2.10:30080",
    answer: /^\*:30080\/TCP is the node port of "default\/web": reaches 1 endpoint$/,
  },
  {
    name: "a node port on an address that nodePortAddresses leave out",
    objects: [service("web", { type: "NodePort", ports: [{ nodePort: 30080 }] })],
    settings: { localAddresses: ["192.0.2.10", "192.0.2.11"], nodePortAddresses: ["192.0.2.10"] },
    target: "192.0.2.11:30080",
    answer: /node port of "default\/web" is not open on this address: nodePortAddresses/,
    notes: [/^It answers on 192\.0\.2\.10:30080\/TCP$/],
  },
  {
    name: "a node port on loopback",
    objects: [service("web", { type: "NodePort", ports: [{ nodePort: 30080 }] })],
    target: "127.0.0.1:30080",
    answer: /not open on this address: node ports never answer on loopback/,
  },
  {
    name: "an address of the node with no node port",
    objects: [],
    target: "192.0.2.10:22",
    answer: /not weir's business: an address of this node, and no Service's node port/,
  },
  {
    name: "another port of a cluster IP",
    objects: [service("web")],
    target: "10.96.0.10:81",
    answer: /is rejected: the address is a cluster IP, but no Service has this port on it/,
    notes: [/Service "default\/web" has there: 10\.96\.0\.10:80\/TCP/],
  },
  {
    name: "another protocol of a cluster IP",
    objects: [service("dns", { ports: [{ protocol: "UDP", port: 53 }] })],
    target: "10.96.0.10:53",
    answer: /is rejected/,
    notes: [/"default\/dns" has 10\.96\.0\.10:53\/UDP: ask with \/udp/],
  },
  {
    name: "an address in the ServiceCIDR that no Service has",
    objects: [],
    target: "10.96.0.99:80",
    answer:
      /is dropped: no Service has this address, and it is in the ServiceCIDR 10\.96\.0\.0\/12/,
  },
  {
    name: "an address of somebody else",
    objects: [],
    target: "8.8.8.8:53/udp",
    answer: /^8\.8\.8\.8:53\/UDP is not weir's business: no Service has it$/,
  },
  {
    name: "an address of pods",
    objects: [],
    target: "10.244.1.5:8080",
    answer: /not weir's business/,
    notes: [/an address of pods/],
  },
  {
    name: "an endpoint on this node",
    objects: [service("web"), slice("web", [endpoint("10.244.1.5", HERE)])],
    target: "10.244.1.5:8080",
    answer: /not weir's business/,
    notes: [/an endpoint of a Service on this node/],
  },
  {
    name: "an external IP where external IPs are not offered",
    objects: [service("web", { externalIPs: ["198.51.100.1"] })],
    settings: { offersExternalIPs: false },
    target: "198.51.100.1:80",
    answer: /not weir's business/,
    notes: [/"default\/web" names the address in spec\.externalIPs, which are not offered/],
  },
  {
    name: "a load balancer's address with ipMode Proxy",
    objects: [
      service("web", { ...BALANCED, ingress: [{ ip: "198.51.100.1", ipMode: "Proxy" }] }),
    ],
    target: "198.51.100.1:80",
    answer: /not weir's business/,
    notes: [/status\.loadBalancer\.ingress with ipMode Proxy/],
  },
  {
    name: "a Service that is not there",
    objects: [service("web"), slice("webb", ["10.244.1.5"])],
    target: "default/webb",
    answer: /^weir knows no Service "default\/webb"$/,
    notes: [
      /EndpointSlices that name it/,
      /headless.*service-proxy-name/,
      /similar name: default\/web$/,
    ],
  },
  {
    name: "a Service without the port",
    objects: [service("web", { ports: [{ name: "http", nodePort: 30080 }] })],
    target: "default/web:https",
    answer: /^Service "default\/web" has no port "https"$/,
    notes: [/Its ports: 80\/TCP "http", node port 30080/],
  },
  {
    name: "a headless Service",
    objects: [service("web", { clusterIP: "None", clusterIPs: ["None"] })],
    target: "default/web",
    answer: /is headless: it has no address/,
  },
  {
    name: "an ExternalName",
    objects: [service("web", { type: "ExternalName", clusterIP: "" })],
    target: "default/web",
    answer: /is an ExternalName: a name in DNS/,
  },
  {
    name: "a Service that waits for its cluster IP",
    objects: [service("web", { clusterIP: "" })],
    target: "default/web",
    answer: /has no cluster IP \(yet\)/,
  },
  {
    name: "a Service whose cluster IP is none",
    objects: [service("web", { clusterIP: "10.96.0.300" })],
    target: "default/web",
    answer: /has nothing that is programmed here/,
    notes: [/cluster IP "10\.96\.0\.300" is not an IPv4 address/, /Its addresses: 10\.96\.0\.300/],
  },
  {
    name: "pods that cannot be told from others",
    objects: [service("web"), slice("web", ["10.244.1.5"])],
    settings: { detector: undefined },
    answer: /reaches 1 endpoint/,
    notes: [/Nobody can be told to be a pod/],
  },
  {
    name: "a sender of whom an address does not tell enough",
    objects: [service("web"), slice("web", ["10.244.1.5"])],
    settings: { detector: { by: "interface", name: "cbr0" } },
    from: "10.244.1.9",
    answer: /reaches 1 endpoint/,
    notes: [/by their interface here.*--from pod/],
  },
];

for (const { name, target = "10.96.0.10:80", from, ...situation } of SITUATIONS) {
  Deno.test(`An answer explains ${name}`, async () => {
    const found = await ask(target, from, sourcesOf(situation.objects, situation.settings));
    assert.match(found.answer, situation.answer);
    if (situation.choices !== undefined) assert.deepEqual(choicesOf(found), situation.choices);
    const texts = [
      ...found.notes,
      ...found.ports.flatMap(({ endpoints, hints, problems, frontends }) => [
        ...endpoints.remarks,
        ...hints.ignored,
        ...problems,
        ...frontends.flatMap(({ conflict }) => conflict ?? []),
      ]),
    ];
    for (const note of situation.notes ?? []) {
      assert.ok(texts.some((text) => note.test(text)), `${note} in:\n${texts.join("\n")}`);
    }
  });
}

Deno.test("A family that is not programmed is said to be so", async () => {
  const six = sourcesOf([], {}, ["IPv6"]);
  assert.match((await ask("10.96.0.10:80", undefined, six)).answer, /no rules for IPv4/);
  const none = sourcesOf([service("web")], {}, []);
  assert.deepEqual((await ask("10.96.0.10:80", undefined, none)).notes, ["No sync has begun yet"]);
  assert.match((await ask("default/web", undefined, none)).answer, /no sync has begun yet/);
});

Deno.test("An endpoint that two slices list is one row, with the better conditions", async () => {
  const sources = sourcesOf([
    service("web"),
    slice("web", [endpoint("10.244.1.5", { ready: false })]),
    slice("web", ["10.244.1.5"], { name: "web-b" }),
  ]);
  const [port] = (await ask("default/web", undefined, sources)).ports;
  assert.deepEqual(
    port?.endpoints.rows.map(({ ready, slices }) => ({ ready, slices })),
    [{ ready: true, slices: ["web-a", "web-b"] }],
  );
});

Deno.test("An answer about 5,000 endpoints is a short one that counts the rest", async () => {
  const addresses = Array.from({ length: 5_000 }, (_, at) => `10.244.${at >> 8}.${at & 255}`);
  const objects = addresses.map((address, at) => endpoint(address, { ready: at % 5 !== 0 }));
  const sources = sourcesOf([service("web"), slice("web", objects)]);
  const found = await ask("10.96.0.10:80", "pod", sources);
  const [port] = found.ports;
  assert.equal(port?.endpoints.rows.length, 40);
  assert.equal(port?.endpoints.omitted, 4_960);
  assert.deepEqual(port?.endpoints.reasons, { "not ready": 1_000 });
  assert.equal(port?.frontends[0]?.ways[0]?.walk, null);
  assert.ok(JSON.stringify(found).length < 16_000);
});

Deno.test("A change that the last sync did not have is said to wait", async () => {
  const before = sourcesOf([service("web"), slice("web", ["10.244.1.5"])]);
  const after = sourcesOf([service("web"), slice("web", ["10.244.1.5", "10.244.1.6"])]);
  const found = await ask("10.96.0.10:80", undefined, { ...before, snapshot: after.snapshot });
  assert.equal(choicesOf(found)["10.244.1.6:8080"], "this change is not in force yet");
});

/** Settings on which the outcome depends. */
const VARIANTS: readonly Partial<Settings>[] = [
  {},
  { masqueradeAll: true },
  { detector: undefined },
  { detector: { by: "interface-prefix", prefix: "pod" }, nodePortAddresses: "any" },
];

Deno.test("For every frontend and sender, what is said is what the rules of the Service do", async () => {
  const met = new Set<string>();
  await fc.assert(
    fc.asyncProperty(arbitraryCluster(), fc.constantFrom(...VARIANTS), async (objects, variant) => {
      const sources = sourcesOf(objects, variant);
      for (const key of sources.snapshot.services.keys()) {
        const { ports } = await ask(key, undefined, sources);
        for (const { frontends } of ports) {
          for (const { address, ways } of frontends) {
            for (const { from, source, to, masquerade, walk } of ways) {
              const verdict = to === "cluster" || to === "local" ? "translated" : to;
              const got = { verdict: walk?.verdict, masquerade: walk?.masquerade };
              assert.deepEqual(got, { verdict, masquerade }, `${address} from ${from} ${source}`);
              met.add(`${from} ${to}`);
            }
          }
        }
      }
    }),
    { numRuns: 80, seed: 1 },
  );
  assert.equal(met.size, 12, [...met].join(", "));
});

Deno.test("Whatever a cluster has, each endpoint that is chosen has a row that says so", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryCluster(), async (objects) => {
      const sources = sourcesOf(objects);
      for (const key of sources.snapshot.services.keys()) {
        for (const { endpoints } of (await ask(key, undefined, sources)).ports) {
          const slots = endpoints.rows.filter(({ cluster }) =>
            cluster !== null && "slot" in cluster
          );
          assert.equal(slots.length, endpoints.chosen.cluster, key);
        }
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("Both families of a Service are explained, and one for a sender of one", async () => {
  const sources = sourcesOf([
    service("web", { clusterIPs: ["10.96.0.10", "fd00:96::a"], ipFamilies: [...FAMILIES] }),
    slice("web", ["10.244.1.5"]),
  ]);
  const families = async (from?: string) =>
    (await ask("default/web", from, sources)).ports.map(({ family }) => family);
  assert.deepEqual(await families(), ["IPv4", "IPv6"]);
  assert.deepEqual(await families("fd00::1"), ["IPv6"]);
});
