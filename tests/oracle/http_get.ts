// Prints what matters to a health checker in the answer to a GET: the status, headers, and the body with its blanks
// escaped and with a word for each time. Argument: the URL.

const TIMEOUT_MS = 1_000;
const HEADERS = ["Content-Type", "X-Content-Type-Options", "X-Load-Balancing-Endpoint-Weight"];
const TIMES = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g;

async function get(url: string): Promise<string> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal });
    const headers = HEADERS.flatMap((name) => response.headers.get(name) ?? []).join(", ");
    const body = (await response.text()).replaceAll(TIMES, "TIME");
    return `${response.status} (${headers}) ${
      body.replaceAll("\n", "\\n").replaceAll("\t", "\\t")
    }`;
  } catch (error) {
    if (signal.aborted) return "timeout";
    const cause = error instanceof Error ? error.cause ?? error : error;
    return /refused/.test(String(cause)) ? "refused" : `no answer: ${cause}`;
  }
}

if (import.meta.main) {
  Deno.stdout.writeSync(new TextEncoder().encode(await get(Deno.args[0] ?? "")));
}
