const PROTOBUF = "application/vnd.kubernetes.protobuf";
const JSON_TYPE = "application/json";

/** What is accepted as the answer to a watch: protobuf, or JSON from whoever does not have that. */
export const ACCEPT_WATCH = `${PROTOBUF};stream=watch,${JSON_TYPE}`;

/** The same for anything else. */
export const ACCEPT_OBJECT = `${PROTOBUF},${JSON_TYPE}`;

/** What every server can give. */
export const ACCEPT_JSON = JSON_TYPE;

/** Tells whether the body of `response` is protobuf. Without a word about it, it is JSON. */
export function isProtobuf(response: Response): boolean {
  const type = response.headers.get("content-type") ?? "";
  return type.split(";", 1)[0]!.trim().toLowerCase() === PROTOBUF;
}
