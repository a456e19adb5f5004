import { ApiError } from "./api_error.ts";
import type { Resource } from "./resource.ts";

/** Says in one line why `resource` cannot be read, and what to do where that is known. */
export function explain(error: unknown, resource: Resource): string {
  if (!(error instanceof ApiError)) return chain(error);
  const { code, reason, message } = error;
  switch (code) {
    case 401:
      return `the server does not accept the credentials (401 ${message}): ` +
        "check the token or the client certificate";
    case 403:
      return `${message} (403): bind this user to the ClusterRole "system:node-proxier", ` +
        `or grant it "list" and "watch" on "${resource.plural}" in API group "${resource.group}"`;
    default:
      return [code, reason, message].filter((part) => part !== "").join(" ");
  }
}

/** The message of an error with those of its causes: `fetch` says what happened only there, and a long URL before. */
function chain(error: unknown): string {
  const messages: string[] = [];
  for (let at = error; at !== undefined && messages.length < 5; at = (at as Error).cause) {
    if (!(at instanceof Error)) return [...messages, String(at)].join(": ");
    messages.push(at.message.replace(/ for url \(\S*\)/, ""));
  }
  return messages.join(": ");
}
