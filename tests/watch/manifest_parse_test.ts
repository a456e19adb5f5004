import assert from "node:assert/strict";
import fc from "fast-check";
import { keyOf } from "../../model/objects.ts";
import { type Manifest, parseManifest } from "../../watch/manifest_parse.ts";

const WEB = `apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  clusterIP: 10.96.0.10
  ports: [{ port: 80 }]
`;
const NODE = `apiVersion: v1
kind: Node
metadata: { name: node-a }
`;

function names(manifest: Manifest): string[] {
  return manifest.objects.map((object) => `${object.kind} ${keyOf(object)}`);
}

const forms: readonly { name: string; given: string; want: readonly string[] }[] = [
  { name: "one document", given: WEB, want: ["Service default/web"] },
  { name: "an empty file", given: "", want: [] },
  { name: "only comments and separators", given: "# nothing\n---\n---\n# here\n", want: [] },
  {
    name: "several documents",
    given: `---\n${WEB}---\n${NODE}---\n`,
    want: ["Service default/web", "Node node-a"],
  },
  {
    name: "a List",
    given:
      `kind: List\napiVersion: v1\nitems:\n- kind: Node\n  apiVersion: v1\n  metadata: {name: a}\n- kind: Node\n  metadata: {name: b}\n`,
    want: ["Node a", "Node b"],
  },
  {
    name: "a typed list, whose items have no kind",
    given: `kind: NodeList\napiVersion: v1\nitems:\n- metadata: {name: a}\n`,
    want: ["Node a"],
  },
  {
    name: "a list in a list",
    given: `kind: List\nitems:\n- kind: NodeList\n  items:\n  - metadata: {name: a}\n`,
    want: ["Node a"],
  },
  { name: "an empty list", given: `kind: List\nitems: []\n`, want: [] },
  {
    name: "JSON",
    given: `{"apiVersion":"v1","kind":"Node","metadata":{"name":"a"}}`,
    want: ["Node a"],
  },
  {
    name: "JSON with tabs",
    given:
      `{\n\t"kind": "List",\n\t"items": [\n\t\t{"kind": "Node", "metadata": {"name": "a"}}\n\t]\n}\n`,
    want: ["Node a"],
  },
  { name: "flow-style YAML", given: `{kind: Node, metadata: {name: a}}`, want: ["Node a"] },
  {
    name: "anchors and merge keys",
    given:
      `kind: List\nitems:\n- &a {kind: Node, metadata: {name: a}}\n- {<<: *a, metadata: {name: b}}\n`,
    want: ["Node a", "Node b"],
  },
  { name: "Windows line ends", given: NODE.replaceAll("\n", "\r\n"), want: ["Node node-a"] },
  { name: "a byte order mark", given: `\uFEFF${NODE}`, want: ["Node node-a"] },
];

for (const { name, given, want } of forms) {
  Deno.test(`a manifest can be ${name}`, () => {
    const manifest = parseManifest(given);
    assert.deepEqual(names(manifest), want);
    assert.deepEqual(manifest.problems, []);
  });
}

const ignored: readonly { name: string; given: string; want: string }[] = [
  {
    name: "a Deployment",
    given: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n",
    want: "Deployment",
  },
  {
    name: "a Knative Service",
    given: "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\n",
    want: "Service",
  },
  {
    name: "a Node of another group",
    given: "apiVersion: example.com/v1\nkind: Node\nmetadata: {name: a}\n",
    want: "Node",
  },
  {
    name: "a Service of another proxy",
    given:
      "kind: Service\nmetadata: {name: a, labels: {service.kubernetes.io/service-proxy-name: x}}\n",
    want: "Service",
  },
  {
    name: "a Service of another proxy that has no name",
    given:
      "kind: Service\nmetadata:\n  name: a\n  labels: {service.kubernetes.io/service-proxy-name: }\n" +
      "spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}\n",
    want: "Service",
  },
  {
    name: "a slice of a headless Service",
    given: "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n" +
      'metadata: {name: a, labels: {service.kubernetes.io/headless: ""}}\naddressType: IPv4\n',
    want: "EndpointSlice",
  },
  {
    name: "Endpoints of a headless Service",
    given: 'kind: Endpoints\nmetadata: {name: a, labels: {service.kubernetes.io/headless: ""}}\n',
    want: "Endpoints",
  },
];

for (const { name, given, want } of ignored) {
  Deno.test(`${name} is ignored, what is beside it is not`, () => {
    const manifest = parseManifest(`${given}---\n${NODE}`);
    assert.deepEqual(manifest.ignored, [want]);
    assert.deepEqual(manifest.problems, []);
    assert.deepEqual(names(manifest), ["Node node-a"]);
  });
}

Deno.test("the labels that keep one kind away keep no other one away", () => {
  const labels =
    "labels: {service.kubernetes.io/service-proxy-name: x, service.kubernetes.io/headless: y}";
  const manifest = parseManifest([
    `kind: Node\nmetadata: {name: n, ${labels}}\n`,
    "kind: Service\nmetadata: {name: s, labels: {service.kubernetes.io/headless: x}}\n" +
    "spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}\n",
    "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\n" +
    "metadata: {name: e, labels: {service.kubernetes.io/service-proxy-name: x}}\n",
  ].join("---\n"));
  assert.deepEqual(manifest.ignored, []);
  assert.deepEqual(names(manifest), ["Node n", "Service default/s", "EndpointSlice default/e"]);
});

const broken: readonly {
  name: string;
  given: string;
  document: number;
  line: number;
  reason: RegExp;
}[] = [
  {
    name: "bad indentation",
    given: `${NODE}---\nkind: Node\nmetadata:\n name: a\n  labels: {}\n`,
    document: 2,
    line: 8,
    reason: /^Cannot parse YAML: /,
  },
  {
    name: "an open bracket",
    given: `${NODE}---\nkind: Node\nmetadata: {name: a\n`,
    document: 2,
    line: 7,
    reason: /^Cannot parse YAML: /,
  },
  {
    name: "a key that is there twice",
    given: `kind: Node\nmetadata: {name: a}\nkind: Node\n---\n${NODE}`,
    document: 1,
    line: 3,
    reason: /duplicated mapping key/,
  },
  {
    name: "a tab as indentation",
    given: `${NODE}---\nkind: Node\nmetadata:\n\tname: a\n`,
    document: 2,
    line: 7,
    reason: /^Cannot parse YAML: /,
  },
  {
    name: "an alias of nothing",
    given: `${NODE}---\nkind: Node\nmetadata: *nothing\n`,
    document: 2,
    line: 6,
    reason: /^Cannot parse YAML: /,
  },
  {
    name: "a text",
    given: `${NODE}---\nhello\n`,
    document: 2,
    line: 5,
    reason: /must be a Kubernetes object/,
  },
  {
    name: "a list without kind",
    given: `- 1\n- 2\n---\n${NODE}`,
    document: 1,
    line: 1,
    reason: /must be a Kubernetes object/,
  },
  {
    name: "no kind",
    given: `${NODE}---\nmetadata: {name: a}\n`,
    document: 2,
    line: 5,
    reason: /no 'kind'/,
  },
  {
    name: "no name",
    given: `${NODE}---\n\nkind: Node\n`,
    document: 2,
    line: 6,
    reason: /'metadata\.name' must be/,
  },
  {
    name: "a bad port, in a list",
    given:
      `kind: List\nitems:\n- kind: Node\n  metadata: {name: node-a}\n- kind: Service\n  metadata: {name: web}\n  spec: {clusterIP: 10.96.0.10, ports: [{port: 99999}]}\n`,
    document: 1,
    line: 5,
    reason: /'spec\.ports\[0\]\.port' must be/,
  },
  {
    name: "a Service without cluster IP",
    given:
      `${NODE}---\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {ports: [{port: 80}]}\n`,
    document: 2,
    line: 5,
    reason: /Service "shop\/web": without an API server nobody allocates its cluster IP/,
  },
  {
    name: "a slice without address type",
    given: `${NODE}---\nkind: EndpointSlice\nmetadata: {name: web-1}\n`,
    document: 2,
    line: 5,
    reason: /"default\/web-1": it has no 'addressType'/,
  },
  {
    name: "an object that is there twice",
    given: `${NODE}---\n${NODE}`,
    document: 2,
    line: 5,
    reason: /the file defines it before/,
  },
  {
    name: "an Endpoints object with a text for addresses",
    given:
      `${NODE}---\nkind: Endpoints\nmetadata: {name: web}\nsubsets: [{addresses: "10.0.0.1"}]\n`,
    document: 2,
    line: 5,
    reason: /addresses' must be a list/,
  },
];

for (const { name, given, document, line, reason } of broken) {
  Deno.test(`a manifest with ${name} is reported with document and line, the rest is used`, () => {
    const { problems, objects } = parseManifest(given);
    assert.deepEqual(problems.map((p) => [p.document, p.line]), [[document, line]]);
    assert.match(problems[0]?.reason ?? "", reason);
    assert.deepEqual(objects.map(keyOf), ["node-a"]);
  });
}

Deno.test("broken JSON is reported with its line", () => {
  const { problems } = parseManifest(`{\n  "kind": "Node",\n  "metadata": {"name": "a"\n`);
  assert.equal(problems.length > 0, true);
  assert.equal(problems[0]?.document, 1);
});

Deno.test("a Service gets the defaults of the API server", () => {
  const [service] = parseManifest(WEB).objects;
  assert.ok(service?.kind === "Service");
  assert.equal(service.type, "ClusterIP");
  assert.deepEqual(service.clusterIPs, ["10.96.0.10"]);
  assert.deepEqual(service.ipFamilies, ["IPv4"]);
  assert.deepEqual(service.ports, [{ name: "", protocol: "TCP", port: 80, nodePort: 0 }]);
});

const addresses: readonly { name: string; spec: string; ip: string; families: string[] }[] = [
  {
    name: "dual-stack clusterIPs",
    spec: "clusterIPs: [10.96.0.1, 'fd00::1']",
    ip: "10.96.0.1",
    families: ["IPv4", "IPv6"],
  },
  { name: "an IPv6 clusterIP", spec: "clusterIP: 'fd00::1'", ip: "fd00::1", families: ["IPv6"] },
  {
    name: "families as written",
    spec: "{clusterIP: 'fd00::1', ipFamilies: [IPv6, IPv4], clusterIPs: ['fd00::1', 10.96.0.1]}",
    ip: "fd00::1",
    families: ["IPv6", "IPv4"],
  },
  { name: "headless", spec: "clusterIP: None", ip: "None", families: [] },
];

for (const { name, spec, ip, families } of addresses) {
  Deno.test(`the families of a Service follow from its addresses: ${name}`, () => {
    const body = spec.startsWith("{") ? spec : `{${spec}}`;
    const { objects, problems } = parseManifest(
      `kind: Service\nmetadata: {name: a}\nspec: ${body}`,
    );
    const [service] = objects;
    assert.deepEqual(problems, []);
    assert.ok(service?.kind === "Service");
    assert.equal(service.clusterIP, ip);
    assert.deepEqual(service.ipFamilies, families);
  });
}

Deno.test("an ExternalName Service needs no cluster IP", () => {
  const text =
    "kind: Service\nmetadata: {name: a}\nspec: {type: ExternalName, externalName: b.example}";
  assert.deepEqual(parseManifest(text).problems, []);
});

Deno.test("a slice port without a name has the name of a Service port without one", () => {
  const text = `kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{port: 8080}, {name: admin, port: 9090}]
endpoints: [{addresses: [10.244.1.5]}]`;
  const [slice] = parseManifest(text).objects;
  assert.ok(slice?.kind === "EndpointSlice");
  assert.deepEqual(slice.ports.map((port) => [port.name, port.port]), [["", 8080], [
    "admin",
    9090,
  ]]);
});

Deno.test("no text makes the parser throw", () => {
  const line = fc.constantFrom(
    "kind: Service",
    "kind: List",
    "items:",
    "- kind: Endpoints",
    "  metadata: {name: a}",
    "metadata: {name: a}",
    "spec: {ports: [null]}",
    "subsets: [null]",
    "spec: []",
    "ports: [null]",
    "kind: EndpointSlice",
    "addressType: IPv4",
    "endpoints: [{addresses: null}]",
    "---",
    "...",
    "&a [*a]",
    "<<: 1",
    "\t- {",
    "!!binary x",
    "? [a]: b",
    "kind: 5",
    "items: 3",
    "metadata: x",
  );
  const text = fc.oneof(fc.string(), fc.array(line).map((lines) => lines.join("\n")));
  fc.assert(
    fc.property(text, (given) => {
      for (const { line, document } of parseManifest(given).problems) {
        assert.ok(line >= 1 && line <= given.split("\n").length + 1 && document >= 1);
      }
    }),
    { numRuns: 500 },
  );
});
