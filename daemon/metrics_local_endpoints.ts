import type { ObjectKey } from "../model/objects.ts";
import { isExternallyAccessible } from "../model/selection.ts";
import type { PortState, ServiceState } from "../model/service_state.ts";
import { type Metrics, ofFamily } from "./metrics.ts";
import type { SyncObserver } from "./sync_observer.ts";

/** Service ports that drop traffic here, by the policy that makes them. */
interface Count {
  readonly internal: number;
  readonly external: number;
}

/**
 * Returns an observer that counts the Service ports of one family whose traffic policy is Local, and which have endpoints
 * elsewhere but none on this node: `kubeproxy_sync_proxy_rules_no_local_endpoints_total`.
 */
export function localEndpointsObserver(
  { noLocalEndpoints }: Pick<Metrics, "noLocalEndpoints">,
): SyncObserver {
  const counts = new Map<ObjectKey, Count>();
  let internal = 0;
  let external = 0;
  const add = (count: Count | undefined, step: number) => {
    internal += step * (count?.internal ?? 0);
    external += step * (count?.external ?? 0);
  };
  return {
    derived({ next, services }) {
      for (const key of services) {
        const now = countIn(next.services.get(key));
        add(counts.get(key), -1);
        add(now, 1);
        if (now === undefined) counts.delete(key);
        else counts.set(key, now);
      }
    },
    synced({ family }) {
      noLocalEndpoints.set({ traffic_policy: "internal", ...ofFamily(family) }, internal);
      noLocalEndpoints.set({ traffic_policy: "external", ...ofFamily(family) }, external);
    },
    failed() {},
    untidy() {},
  };
}

/** Counts the ports of one Service; undefined when there are none. */
function countIn(service: ServiceState | undefined): Count | undefined {
  const ports = (service?.ports ?? []).filter(({ selection }) =>
    selection.hasEndpoints && selection.local.length === 0
  );
  const internal = ports.filter(({ port }) => port.internalPolicy === "Local").length;
  const external = ports.filter(isLocalOutside).length;
  return internal + external > 0 ? { internal, external } : undefined;
}

function isLocalOutside({ port }: PortState): boolean {
  return port.externalPolicy === "Local" && isExternallyAccessible(port);
}
