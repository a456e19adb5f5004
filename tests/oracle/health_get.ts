// Prints the status, the weight and the body of a health check node port's answer. Argument: the URL.

const TIMEOUT_MS = 1_000;

async function get(url: string): Promise<string> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { signal }).catch(() => undefined);
  if (response === undefined) return "no answer";
  const weight = response.headers.get("X-Load-Balancing-Endpoint-Weight");
  const { localEndpoints, serviceProxyHealthy } = await response.json();
  return `${response.status}, weight ${weight}, localEndpoints ${localEndpoints}, ` +
    `serviceProxyHealthy ${serviceProxyHealthy}`;
}

if (import.meta.main) {
  Deno.stdout.writeSync(new TextEncoder().encode(await get(Deno.args[0] ?? "")));
}
