import { type Handler, plainText } from "./http_routes.ts";

/** A page of a component about itself (KEP-4828, KEP-4827), in two forms. */
export interface ZPage {
  /** `Flagz` or `Statusz`. */
  readonly kind: string;
  /** The lines for people. */
  readonly text: () => string;
  /** The members beside `kind`, `apiVersion` and `metadata`. */
  readonly object: () => Readonly<Record<string, unknown>>;
}

const WARNING =
  "Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees " +
  "and is for debugging purposes only.";

const COMPONENT = "kube-proxy";

/** The versions of the objects; the first one is deprecated. */
const VERSIONS = ["v1alpha1", "v1beta1"];

/**
 * Returns the handler of a page: text, or an object for those who ask for its type and version, as Kubernetes' own
 * pages want it (`application/json;v=v1beta1;g=config.k8s.io;as=Flagz`). Anything else is answered with 406.
 */
export function zPage(page: ZPage): Handler {
  return ({ headers }) => {
    for (const range of (headers.get("accept") ?? "").split(",")) {
      const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
      if (["", "*/*", "text/*", "text/plain"].includes(type)) return asText(page);
      const version = objectVersion(page, parameters);
      // JSON is YAML, too.
      const isObject = type === "application/json" || type === "application/yaml";
      if (isObject && version !== undefined) return asObject(page, type, version);
    }
    return notAcceptable();
  };
}

/** Returns the version that the parameters of a media type ask for; undefined when they ask for something else. */
function objectVersion({ kind }: ZPage, parameters: readonly string[]): string | undefined {
  const version = VERSIONS.find((one) => parameters.includes(`v=${one}`));
  return parameters.includes("g=config.k8s.io") && parameters.includes(`as=${kind}`)
    ? version
    : undefined;
}

function asText({ kind, text }: ZPage): Response {
  return plainText(`\n${COMPONENT} ${kind.toLowerCase()}\n${WARNING}\n${text()}`);
}

function asObject({ kind, object }: ZPage, type: string, version: string): Response {
  const apiVersion = `config.k8s.io/${version}`;
  const body = { kind, apiVersion, metadata: { name: COMPONENT }, ...object() };
  const headers = new Headers({
    "Content-Type": `${type};g=config.k8s.io;v=${version};as=${kind}`,
  });
  if (version === VERSIONS[0]) {
    const page = kind.toLowerCase();
    headers.set(
      "Warning",
      `299 - "This version of the ${page} endpoint is deprecated. Please use a newer version."`,
    );
  }
  return new Response(`${JSON.stringify(body)}\n`, { headers });
}

function notAcceptable(): Response {
  const status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message:
      "only the following media types are accepted: application/json, application/yaml, text/plain",
    reason: "NotAcceptable",
    code: 406,
  };
  const headers = { "Content-Type": "application/json" };
  return new Response(`${JSON.stringify(status)}\n`, { status: 406, headers });
}
