import type { Admin } from "./admin.ts";
import {
  endpointAddress,
  extraAddress,
  HELPERS,
  movedAddress,
  NODE_ADDRESS,
  NODE_NAME,
  PODS,
  serviceAddress,
  serviceBody,
  sliceBody,
  type SliceSpec,
} from "./objects.ts";

/** What a cluster is filled with. */
export interface Shape {
  readonly title: string;
  readonly services: number;
  /** Endpoints of each Service. */
  readonly endpoints: number;
  /** Whether all Services have ClientIP session affinity. */
  readonly affinity: boolean;
}

/** A change of the cluster. */
export interface Change {
  /** The kernel's announcement of the change contains one of them. */
  readonly addresses: readonly string[];
  /** Asks the API server for it. */
  send(): Promise<void>;
}

const SERVICES = "/api/v1/namespaces/default/services";
/** Where the EndpointSlices of all Services are. */
export const SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";

/** Requests that are under way at a time while a cluster is filled. */
const PARALLEL = 8;

/** The API server takes at most 1,000 endpoints a slice. */
const SLICE_SIZE = 1000;

/** Services with endpoints, made and changed through a real API server. */
export class Cluster {
  readonly shape: Shape;
  readonly #admin: Admin;
  #moves = 0;

  constructor(shape: Shape, admin: Admin) {
    this.shape = shape;
    this.#admin = admin;
  }

  /** How many endpoints there are, counted once for every Service port that they belong to. */
  get endpointCount(): number {
    const { services, endpoints } = this.shape;
    const helpers = [HELPERS.traffic, HELPERS.sticky].length * 2 * PODS.length +
      PODS.length + 1;
    const kubernetes = 1;
    return services * endpoints + helpers + kubernetes;
  }

  /** Addresses of Services from the first to the last, to be tried. */
  get samples(): readonly string[] {
    const last = this.shape.services - 1;
    const indices = new Set([0, 0.25, 0.5, 0.75, 1].map((part) => Math.floor(part * last)));
    return [...indices].map(serviceAddress);
  }

  /** Creates everything. */
  async fill(): Promise<void> {
    const { services, endpoints, affinity } = this.shape;
    await this.#createNode();
    let next = 0;
    const worker = async () => {
      for (let index = next++; index < services; index = next++) {
        const addresses = Array.from(
          { length: endpoints },
          (_, slot) => endpointAddress(index * endpoints + slot),
        );
        await this.#create(`svc-${index}`, serviceAddress(index), { addresses, affinity });
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    const { marker, scaled, traffic, sticky } = HELPERS;
    await this.#create("marker", marker, { addresses: PODS.slice(0, 1) });
    await this.#create("scaled", scaled, { addresses: PODS });
    await this.#create("traffic", traffic, { addresses: PODS, udp: true });
    await this.#create("sticky", sticky, { addresses: PODS, udp: true, affinity: true });
  }

  /** Gives the marker Service its endpoint, or takes it away. */
  async mark(on: boolean): Promise<void> {
    await this.#setEndpoints("marker", on ? PODS.slice(0, 1) : []).send();
  }

  /** Gives one Service another endpoint in the place of its first one. */
  moveEndpoint(index: number): Change & { readonly address: string } {
    const address = movedAddress(this.#moves++);
    const patch = [{ op: "replace", path: "/endpoints/0/addresses/0", value: address }];
    return {
      address,
      addresses: [address],
      send: () => this.#admin.send("PATCH", `${SLICES}/svc-${index}-0`, patch),
    };
  }

  /** Scales a Service of ten endpoints to nine. */
  scaleDown(): Change {
    return this.#setEndpoints("scaled", PODS.slice(0, 9));
  }

  /** Scales it back to ten. */
  scaleBack(): Change {
    return this.#setEndpoints("scaled", PODS);
  }

  /** Scales it to 500. */
  scaleUp(): Change {
    const more = Array.from({ length: 490 }, (_, index) => extraAddress(index));
    return this.#setEndpoints("scaled", [...PODS, ...more]);
  }

  /** Makes the endpoints of a Service that is not there yet. */
  async prepareAddition(): Promise<void> {
    await this.#admin.send("POST", SLICES, sliceBody("added", 0, { addresses: PODS }));
  }

  /** Adds that Service. */
  addService(): Change {
    const { added } = HELPERS;
    return {
      addresses: [added],
      send: () => this.#admin.send("POST", SERVICES, serviceBody("added", added, {})),
    };
  }

  /** Removes it. */
  removeService(): Change {
    return {
      addresses: [HELPERS.added],
      send: () => this.#admin.send("DELETE", `${SERVICES}/added`),
    };
  }

  /** Removes its endpoints. */
  async finishRemoval(): Promise<void> {
    await this.#admin.send("DELETE", `${SLICES}/added-0`);
  }

  #setEndpoints(name: keyof typeof HELPERS, addresses: readonly string[]): Change {
    const { endpoints } = sliceBody(name, 0, { addresses });
    return {
      // kube-proxy writes the endpoints that stay anew, weir what leads to them from the Service's address.
      addresses: [HELPERS[name], ...PODS],
      send: () => this.#admin.send("MERGE", `${SLICES}/${name}-0`, { endpoints }),
    };
  }

  async #create(name: string, address: string, spec: SliceSpec): Promise<void> {
    await this.#admin.send("POST", SERVICES, serviceBody(name, address, spec));
    for (let slice = 0; slice * SLICE_SIZE < spec.addresses.length; slice++) {
      const from = slice * SLICE_SIZE;
      const part = { ...spec, addresses: spec.addresses.slice(from, from + SLICE_SIZE) };
      await this.#admin.send("POST", SLICES, sliceBody(name, slice, part));
    }
  }

  async #createNode(): Promise<void> {
    const status = { addresses: [{ type: "InternalIP", address: NODE_ADDRESS }] };
    await this.#admin.send("POST", "/api/v1/nodes", { metadata: { name: NODE_NAME } });
    await this.#admin.send("MERGE", `/api/v1/nodes/${NODE_NAME}/status`, { status });
  }
}
