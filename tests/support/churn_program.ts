/**
 * Lives through 20,000 changes of a small cluster with real nft, and prints how much memory it holds from time to time:
 * a JSON list of bytes of the heap after garbage collection. To be run with `--v8-flags=--expose-gc`.
 */
import { NftSession } from "../../backends/nftables/nft_session.ts";
import { spawnedNft } from "../../backends/nftables/nft.ts";
import { NftablesBackend } from "../../backends/nftables/nftables_backend.ts";
import { withSession } from "../../backends/nftables/session_nft.ts";
import { Proxier } from "../../daemon/proxier.ts";
import { systemClock } from "../../model/clock.ts";
import type { Kind } from "../../model/objects.ts";
import { Store } from "../../watch/store.ts";
import { strip } from "../../watch/strip.ts";
import { settings } from "./objects.ts";

const CHANGES = 20_000;
const CHANGES_PER_SYNC = 50;
const SAMPLES = 10;
const SERVICES = 100;

const store = new Store();
const session = new NftSession();
const nft = withSession(spawnedNft(), session);
const backend = new NftablesBackend("IPv4", { nft, clock: systemClock });
const used = settings();
const nobody = { derived() {}, synced() {}, failed() {}, untidy() {} };
const proxier = new Proxier({
  backend,
  store,
  settings: () => used,
  clock: systemClock,
  observer: nobody,
  request() {},
});
proxier.follow();

/** The objects come as the API server sends them, so that what the watch shares counts too. */
function put(kind: Kind, raw: Record<string, unknown>): void {
  store.upsert(strip({ kind, ...raw }));
}

function putService(name: string, at: number): void {
  put("Service", {
    metadata: { namespace: "default", name, uid: crypto.randomUUID() },
    spec: {
      clusterIP: `10.96.${at >> 8}.${at & 255}`,
      ports: [{ name: `p${at % 7}`, port: 80 }],
      sessionAffinity: at % 50 === 0 ? "ClientIP" : "None",
    },
  });
}

function putSlice(name: string, at: number, change: number): void {
  const addresses = Array.from({ length: change % 5 }, (_, n) => {
    const number = change * 5 + n;
    return `10.${128 + ((number >> 16) & 63)}.${(number >> 8) & 255}.${number & 255}`;
  });
  put("EndpointSlice", {
    metadata: {
      namespace: "default",
      name: `${name}-${change % 3}`,
      labels: { "kubernetes.io/service-name": name },
    },
    addressType: "IPv4",
    ports: [{ name: `p${at % 7}`, port: 8080 + (change % 100), protocol: "TCP" }],
    endpoints: addresses.map((address) => ({
      addresses: [address],
      nodeName: `node-${change % 500}`,
      hints: { forZones: [{ name: `zone-${change % 20}` }] },
    })),
  });
}

/** Services come and go under names that nobody had before; the others' endpoints change. */
function change(number: number): void {
  const at = number % SERVICES;
  const generation = Math.floor(number / 1000);
  const name = `s${at}-${generation}`;
  if (number % 1000 < SERVICES) {
    for (const slice of [0, 1, 2]) {
      store.remove("EndpointSlice", `default/s${at}-${generation - 1}-${slice}`);
    }
    store.remove("Service", `default/s${at}-${generation - 1}`);
    putService(name, at);
  }
  putSlice(name, at, number);
}

function heap(): number {
  const { gc } = globalThis as unknown as { readonly gc: () => void };
  gc();
  return Deno.memoryUsage().heapUsed;
}

const samples: number[] = [];
try {
  for (let number = 0; number < CHANGES; number++) {
    change(number);
    if ((number + 1) % CHANGES_PER_SYNC === 0) await proxier.sync();
    if ((number + 1) % (CHANGES / SAMPLES) === 0) samples.push(heap());
  }
} finally {
  await session.close();
}
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(samples)));
