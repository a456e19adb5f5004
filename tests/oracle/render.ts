import type { Family } from "../../model/family.ts";
import { SERVICES, SLICES } from "../support/cluster_objects.ts";
import {
  ADDRESSES,
  type EndpointPiece,
  NEW_NODE_ADDRESS,
  NODE_NAME,
  OTHER_NODE_NAME,
  type Piece,
  type Probe,
  type Scenario,
  SECOND_NODE_ADDRESS,
  type ServicePiece,
  type SlicePiece,
} from "./scenario.ts";

/** An object for the API server. */
export interface ApiObject {
  /** The path of its collection. */
  readonly collection: string;
  readonly name: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** What goes to its status subresource afterwards, if anything. */
  readonly status?: Readonly<Record<string, unknown>>;
}

/** Where a probe goes. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

const SERVICE_CIDRS = "/apis/networking.k8s.io/v1/servicecidrs";

const FIRST_NODE_PORT = 25_000;
const FIRST_HEALTH_CHECK_PORT = 31_000;

/** Gives every Service of a run its addresses and node ports, and turns scenarios into objects for the API server. */
export class Renderer {
  readonly #numbers = new Map<string, number>();

  /** Returns `piece` of `scenario` as the objects that it stands for. */
  render(scenario: Scenario, piece: Piece): readonly ApiObject[] {
    switch (piece.kind) {
      case "Service":
        return [this.#service(scenario, piece)];
      case "EndpointSlice":
        return piece.families.map((family) => this.#slice(scenario, piece, family));
      case "ServiceCIDR":
        return [{
          collection: SERVICE_CIDRS,
          name: piece.name,
          body: {
            apiVersion: "networking.k8s.io/v1",
            kind: "ServiceCIDR",
            metadata: { name: piece.name },
            spec: { cidrs: piece.cidrs },
          },
        }];
    }
  }

  /** Returns where `probe` goes in `family`, or undefined when it does not go anywhere there. */
  place(scenario: Scenario, probe: Probe, family: Family): Place | undefined {
    if (!probe.families.includes(family)) return undefined;
    const { service: owner, port, to, kind } = probe;
    const nodePort = () =>
      kind === "health"
        ? this.#healthCheckPort(scenario, owner)
        : this.#nodePort(scenario, owner, port);
    switch (to) {
      case "cluster IP":
        return { address: this.#clusterIP(scenario, owner, family), port };
      case "external IP":
        return { address: this.#externalIP(scenario, owner, family), port };
      case "load balancer IP":
        return { address: this.#loadBalancerIP(scenario, owner, family), port };
      case "node port":
        return { address: ADDRESSES.node[family], port: nodePort() };
      case "second node port":
        return { address: SECOND_NODE_ADDRESS[family], port: nodePort() };
      case "new node port":
        return { address: NEW_NODE_ADDRESS[family], port: nodePort() };
      case "loopback node port":
        return { address: family === "IPv4" ? "127.0.0.1" : "::1", port: nodePort() };
    }
    const address = to[family];
    return address === undefined ? undefined : { address, port };
  }

  #service(scenario: Scenario, piece: ServicePiece): ApiObject {
    const { type } = piece;
    const withNodePorts = (type === "NodePort" || type === "LoadBalancer") &&
      piece.spec.allocateLoadBalancerNodePorts !== false;
    const spec = {
      ...this.#addressFields(scenario, piece),
      type: type === "Headless" ? "ClusterIP" : type,
      ports: piece.ports.map((port) => ({
        ...port,
        ...(withNodePorts ? { nodePort: this.#nodePort(scenario, piece.name, port.port) } : {}),
      })),
      ...this.#healthCheckField(scenario, piece),
      ...piece.spec,
    };
    const ingress = this.#ingress(scenario, piece);
    const { labels, annotations } = piece;
    const name = this.#name(scenario, piece.name);
    return {
      collection: SERVICES,
      name,
      body: { metadata: { name, labels, annotations }, spec },
      ...(ingress.length > 0 ? { status: { loadBalancer: { ingress } } } : {}),
    };
  }

  /** Returns what the load balancer's status says; nothing for a Service without one. */
  #ingress(scenario: Scenario, piece: ServicePiece): readonly Record<string, unknown>[] {
    const { type, families, ipMode, vips, name, ingress } = piece;
    if (type !== "LoadBalancer") return [];
    if (ipMode === "none") return ingress;
    const own = families.map((family) => ({
      ip: vips?.[family] ?? this.#loadBalancerIP(scenario, name, family),
      ...(ipMode === "absent" ? {} : { ipMode }),
    }));
    return [...own, ...ingress];
  }

  #addressFields(scenario: Scenario, piece: ServicePiece): Record<string, unknown> {
    const { families, external, name } = piece;
    if (piece.type === "ExternalName") return { externalName: "example.org" };
    const clusterIPs = piece.type === "Headless"
      ? ["None"]
      : families.map((family) => this.#clusterIP(scenario, name, family));
    const owner = external === "own" ? name : external;
    return {
      clusterIP: clusterIPs[0],
      clusterIPs,
      ipFamilies: families,
      ipFamilyPolicy: families.length === 2 ? "RequireDualStack" : "SingleStack",
      ...(external === "none"
        ? {}
        : { externalIPs: families.map((family) => this.#externalIP(scenario, owner, family)) }),
    };
  }

  /** Chosen here, as the API server would choose at random among the ports that others are given. */
  #healthCheckField(scenario: Scenario, { name, type, spec }: ServicePiece) {
    const hasOne = type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";
    return hasOne ? { healthCheckNodePort: this.#healthCheckPort(scenario, name) } : {};
  }

  #slice(scenario: Scenario, piece: SlicePiece, family: Family): ApiObject {
    const name = this.#name(scenario, `${piece.name}-${family.toLowerCase()}`);
    return {
      collection: SLICES,
      name,
      body: {
        metadata: {
          name,
          labels: {
            ...(piece.service === ""
              ? {}
              : { "kubernetes.io/service-name": this.#name(scenario, piece.service) }),
            ...piece.labels,
          },
        },
        addressType: family,
        ports: piece.ports,
        endpoints: piece.endpoints.map((one) => endpointOf(one, family)),
        ...piece.fields,
      },
    };
  }

  #name(scenario: Scenario, name: string): string {
    return `s${this.#number("scenario", scenario.name)}-${name}`;
  }

  #clusterIP(scenario: Scenario, name: string, family: Family): string {
    const number = this.#number("service", `${scenario.name}/${name}`);
    return family === "IPv4" ? `10.97.${dotted(number)}` : `fd00:96::1:${number.toString(16)}`;
  }

  #externalIP(scenario: Scenario, name: string, family: Family): string {
    const number = this.#number("service", `${scenario.name}/${name}`);
    return family === "IPv4" ? `198.18.${dotted(number)}` : `2001:db8:1::${number.toString(16)}`;
  }

  #loadBalancerIP(scenario: Scenario, name: string, family: Family): string {
    const number = this.#number("service", `${scenario.name}/${name}`);
    return family === "IPv4" ? `198.19.${dotted(number)}` : `2001:db8:2::${number.toString(16)}`;
  }

  /** One number for TCP and UDP of the same port, as the API server allows. */
  #nodePort(scenario: Scenario, name: string, port: number): number {
    return FIRST_NODE_PORT + this.#number("node port", `${scenario.name}/${name}/${port}`);
  }

  #healthCheckPort(scenario: Scenario, name: string): number {
    return FIRST_HEALTH_CHECK_PORT + this.#number("health", `${scenario.name}/${name}`);
  }

  /** Counts from 1 within each `kind`, the same number for the same `key`. */
  #number(kind: string, key: string): number {
    const known = this.#numbers.get(`${kind} ${key}`);
    if (known !== undefined) return known;
    const next = (this.#numbers.get(kind) ?? 0) + 1;
    this.#numbers.set(kind, next).set(`${kind} ${key}`, next);
    return next;
  }
}

function dotted(number: number): string {
  return `${number >> 8}.${number & 255}`;
}

function endpointOf(one: EndpointPiece, family: Family): Record<string, unknown> {
  const hints = {
    ...(one.zones ? { forZones: one.zones.map((name) => ({ name })) } : {}),
    ...(one.nodes ? { forNodes: one.nodes.map((name) => ({ name })) } : {}),
  };
  const { member, also = [], hasNode = true } = one;
  return {
    addresses: [member, ...also].map((name) => ADDRESSES[name][family]),
    ...(hasNode ? { nodeName: member === "remote" ? OTHER_NODE_NAME : NODE_NAME } : {}),
    conditions: one.conditions ?? {},
    ...(Object.keys(hints).length > 0 ? { hints } : {}),
  };
}
