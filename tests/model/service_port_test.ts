import assert from "node:assert/strict";
import type { Family } from "../../model/family.ts";
import type { ServiceObject } from "../../model/objects.ts";
import type { Problem } from "../../model/problem.ts";
import { type ServicePort, servicePortsOf } from "../../model/service_port.ts";
import { service } from "../support/objects.ts";

interface Case {
  readonly name: string;
  readonly given: ServiceObject;
  readonly family?: Family;
  readonly want: readonly Partial<ServicePort>[];
  readonly problems?: readonly RegExp[];
}

const CASES: readonly Case[] = [
  {
    name: "an unnamed port is called namespace/name",
    given: service("web"),
    want: [{
      name: "default/web",
      clusterIP: "10.96.0.10",
      port: 80,
      protocol: "TCP",
      nodePort: 0,
    }],
  },
  {
    name: "a named port is called namespace/name:port",
    given: service("web", {
      ports: [{ name: "http" }, { name: "dns", protocol: "UDP", port: 53 }],
    }),
    want: [{ name: "default/web:http" }, { name: "default/web:dns", protocol: "UDP", port: 53 }],
  },
  { name: "a headless Service has none", given: service("web", { clusterIP: "None" }), want: [] },
  {
    name: "a Service without an address has none",
    given: service("web", { clusterIP: "" }),
    want: [],
  },
  {
    name: "an ExternalName Service has none, even with a cluster IP",
    given: service("web", { type: "ExternalName" }),
    want: [],
  },
  {
    name: "an IPv4 Service does not exist for IPv6",
    given: service("web"),
    family: "IPv6",
    want: [],
  },
  {
    name: "a dual-stack Service has an address per family, in the order of ipFamilies",
    given: service("web", {
      clusterIP: "fd00::10",
      clusterIPs: ["fd00::10", "10.96.0.10"],
      ipFamilies: ["IPv6", "IPv4"],
    }),
    want: [{ clusterIP: "10.96.0.10" }],
  },
  {
    name: "an old Service with nothing but clusterIP has that family's address",
    given: service("web", { clusterIP: "fd00::10", clusterIPs: [], ipFamilies: [] }),
    family: "IPv6",
    want: [{ clusterIP: "fd00::10" }],
  },
  {
    name: "leading zeros are read as decimal",
    given: service("web", { clusterIP: "172.30.0.041", externalIPs: ["1.2.3.004"] }),
    want: [{ clusterIP: "172.30.0.41", externalIPs: ["1.2.3.4"] }],
  },
  {
    name: "external addresses of the other family are left to that family",
    given: service("web", { externalIPs: ["192.0.2.1", "2001:db8::1", ""] }),
    want: [{ externalIPs: ["192.0.2.1"] }],
  },
  {
    name: "an external IP that is none is reported, and the others are used",
    given: service("web", { externalIPs: ["nonsense", "192.0.2.1"] }),
    want: [{ externalIPs: ["192.0.2.1"] }],
    problems: [/"nonsense" is not an IP address/],
  },
  {
    name: "load balancer addresses count in ipMode VIP only",
    given: service("web", {
      type: "LoadBalancer",
      ingress: [{ ip: "192.0.2.1", ipMode: "VIP" }, { ip: "192.0.2.2", ipMode: "Proxy" }],
    }),
    want: [{ loadBalancerIPs: ["192.0.2.1"] }],
  },
  {
    name: "a node port counts whatever the type says",
    given: service("web", { type: "", ports: [{ nodePort: 30080 }] }),
    want: [{ nodePort: 30080, externalPolicy: "Cluster" }],
  },
  {
    name: "externalTrafficPolicy means nothing for a type that is not known",
    given: service("web", {
      type: "",
      externalTrafficPolicy: "Local",
      ports: [{ nodePort: 30080 }],
    }),
    want: [{ nodePort: 30080, externalPolicy: "Cluster" }],
  },
  {
    name: "a load balancer without node ports (allocateLoadBalancerNodePorts: false) has none",
    given: service("web", {
      type: "LoadBalancer",
      ingress: [{ ip: "192.0.2.1", ipMode: "VIP" }],
      externalTrafficPolicy: "Local",
    }),
    want: [{ nodePort: 0, loadBalancerIPs: ["192.0.2.1"], externalPolicy: "Local" }],
  },
  {
    name: "a cluster IP of the other family than its ipFamilies say is reported",
    given: service("web", {
      clusterIP: "10.96.0.10",
      clusterIPs: ["10.96.0.10", "10.96.0.11"],
      ipFamilies: ["IPv4", "IPv6"],
    }),
    family: "IPv6",
    want: [],
    problems: [/cluster IP "10.96.0.11" is not an IPv6 address/],
  },
  {
    name: "one port number of three protocols makes three ports",
    given: service("web", {
      ports: (["TCP", "UDP", "SCTP"] as const).map((protocol) => ({ name: protocol, protocol })),
    }),
    want: [{ protocol: "TCP" }, { protocol: "UDP" }, { protocol: "SCTP" }],
  },
  {
    name: "externalTrafficPolicy means nothing without a way in from outside",
    given: service("web", { externalTrafficPolicy: "Local" }),
    want: [{ externalPolicy: "Cluster" }],
  },
  {
    name: "externalTrafficPolicy holds for a ClusterIP Service with external IPs",
    given: service("web", { externalTrafficPolicy: "Local", externalIPs: ["192.0.2.1"] }),
    want: [{ externalPolicy: "Local" }],
  },
  {
    name: "source ranges are trimmed and split by family",
    given: service("web", {
      loadBalancerSourceRanges: [" 203.0.113.0/25", "2001:db8::/32", "203.0.113.128/025"],
    }),
    want: [{ sourceRanges: ["203.0.113.0/25", "203.0.113.128/25"] }],
  },
  {
    name: "a /0 among the source ranges lets everybody in",
    given: service("web", { loadBalancerSourceRanges: ["203.0.113.0/25", "0.0.0.0/0"] }),
    want: [{ sourceRanges: "any" }],
  },
  {
    name: "source ranges of the other family only let nobody in",
    given: service("web", { loadBalancerSourceRanges: ["2001:db8::/32"] }),
    want: [{ sourceRanges: [] }],
  },
  {
    name: "a /0 of the other family alone lets everybody in",
    given: service("web", { loadBalancerSourceRanges: ["::/0"] }),
    want: [{ sourceRanges: "any" }],
  },
  {
    name: "source ranges that are none let everybody in, and are reported",
    given: service("web", { loadBalancerSourceRanges: ["everybody"] }),
    want: [{ sourceRanges: "any" }],
    problems: [/"everybody" is not a CIDR/],
  },
  {
    name: "a port number that cannot be is reported, and the other ports are used",
    given: service("web", { ports: [{ name: "bad", port: 0 }, { name: "good", port: 80 }] }),
    want: [{ portName: "good" }],
    problems: [/port "bad": 0 is not between 1 and 65535/],
  },
  {
    name: "a cluster IP that is none is reported",
    given: service("web", { clusterIP: "10.96.0.300" }),
    want: [],
    problems: [/cluster IP "10.96.0.300" is not an IPv4 address/],
  },
];

for (const { name, given, family = "IPv4", want, problems = [] } of CASES) {
  Deno.test(`Service ports: ${name}`, () => {
    const found: Problem[] = [];
    const ports = servicePortsOf(given, family, found);
    assert.equal(ports.length, want.length);
    for (const [index, fields] of want.entries()) {
      for (const [field, value] of Object.entries(fields)) {
        assert.deepEqual(ports[index]?.[field as keyof ServicePort], value, field);
      }
    }
    assert.equal(found.length, problems.length, JSON.stringify(found));
    for (const [index, pattern] of problems.entries()) {
      assert.match(found[index]?.message ?? "", pattern);
      assert.equal(found[index]?.object, "default/web");
    }
  });
}
