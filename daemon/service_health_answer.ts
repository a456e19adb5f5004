import type { HealthCheck } from "../model/health_check.ts";
import { jsonText } from "./http_routes.ts";

/**
 * Makes the answer to a load balancer that asks for the health of a Service on this node: 200 when endpoints are here
 * and the proxy keeps up, else 503.
 *
 * Headers and body are kube-proxy's (`pkg/proxy/healthcheck/service_health.go`), down to the tabs; the weight is the
 * number of endpoints here (KEP-3836).
 */
export function serviceHealthAnswer(check: HealthCheck, healthy: boolean): Response {
  const { service, localEndpoints } = check;
  const [namespace, name] = service.split("/");
  const body = {
    service: { namespace, name },
    localEndpoints,
    serviceProxyHealthy: healthy,
  };
  const status = localEndpoints > 0 && healthy ? 200 : 503;
  const response = jsonText(JSON.stringify(body, undefined, "\t"), status);
  response.headers.set("X-Load-Balancing-Endpoint-Weight", String(localEndpoints));
  return response;
}
