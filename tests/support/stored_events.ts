import type { ApiServer } from "./api_server.ts";

/** The fields of an Event that tests look at. */
export interface StoredEvent {
  readonly type: string;
  readonly reason: string;
  readonly action: string;
  readonly note?: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly regarding: { readonly kind: string; readonly name: string; readonly uid?: string };
  readonly series?: { readonly count: number };
}

/** Returns the Events that weir has written, in kube-proxy's name. */
export async function storedEvents(server: ApiServer): Promise<readonly StoredEvent[]> {
  const path = "/apis/events.k8s.io/v1/namespaces/default/events";
  const { items } = await server.request("GET", path) as { items: readonly StoredEvent[] };
  return items.filter(({ reportingController }) => reportingController === "kube-proxy");
}
