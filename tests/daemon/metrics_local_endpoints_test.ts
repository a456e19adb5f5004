import { deepEqual } from "node:assert/strict";
import { createMetrics } from "../../daemon/metrics.ts";
import { localEndpointsObserver } from "../../daemon/metrics_local_endpoints.ts";
import { advance } from "../../model/advance.ts";
import { emptyState } from "../../model/desired_state.ts";
import type { ClusterObject } from "../../model/objects.ts";
import { sampleOf } from "../support/exposition.ts";
import { endpoint, service, settings, slice, snapshotOf } from "../support/objects.ts";
import { syncFacts } from "../support/sync_facts.ts";

const NAME = "kubeproxy_sync_proxy_rules_no_local_endpoints_total";

const local = service("web", {
  type: "NodePort",
  ports: [{ nodePort: 30080 }, { name: "other", port: 81, nodePort: 30081 }],
  internalTrafficPolicy: "Local",
  externalTrafficPolicy: "Local",
});
const here = { ...endpoint("10.244.1.5"), nodeName: settings().nodeName };
const elsewhere = slice("web", ["10.244.2.7"]);

/** BEHAVIOUR.md 8.4: the value of both policies after each of these was all of the cluster. */
const cases: {
  name: string;
  given: ClusterObject[];
  want: [internal: number, external: number];
}[] = [
  { name: "no endpoints anywhere", given: [local], want: [0, 0] },
  { name: "endpoints elsewhere only", given: [local, elsewhere], want: [1, 1] },
  {
    name: "endpoints here too",
    given: [local, { ...elsewhere, endpoints: [...elsewhere.endpoints, here] }],
    want: [0, 0],
  },
  {
    name: "only the internal policy is Local",
    given: [{ ...local, externalTrafficPolicy: "Cluster" }, elsewhere],
    want: [1, 0],
  },
  {
    name: "only the external policy is Local",
    given: [{ ...local, internalTrafficPolicy: "Cluster" }, elsewhere],
    want: [0, 1],
  },
  { name: "the Service is gone", given: [elsewhere], want: [0, 0] },
];

Deno.test("localEndpointsObserver() counts ports that drop for want of endpoints here, through every change", async () => {
  const metrics = createMetrics();
  const observer = localEndpointsObserver(metrics);
  let state = emptyState("IPv4", settings());
  for (const { name, given, want } of cases) {
    const snapshot = snapshotOf(...given);
    const transition = advance(state, { snapshot, settings: settings(), services: "all" });
    state = transition.next;
    observer.derived(transition);
    observer.synced(syncFacts());
    const text = await metrics.text();
    const values = ["internal", "external"].map((policy) =>
      sampleOf(text, `${NAME}{traffic_policy="${policy}",ip_family="IPv4"}`)
    );
    deepEqual(values, want, name);
  }
});
