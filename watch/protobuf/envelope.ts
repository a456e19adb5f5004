import { messageFields, WireError, WireReader } from "./wire_reader.ts";

/** What an encoded object begins with (apimachinery, `runtime/serializer/protobuf`). */
const MAGIC = new TextEncoder().encode("k8s\0");

/** An object as it is sent: its kind, and then its own message (`runtime.Unknown`). */
interface Envelope<T> {
  kind: string;
  object: T | undefined;
  readonly read: (from: WireReader, kind: string) => T;
}

const TYPE_META = messageFields<Envelope<unknown>>({
  2: (from, envelope) => envelope.kind = from.sharedText("kind"),
});

const UNKNOWN = messageFields<Envelope<unknown>>({
  1: (from, envelope) => from.message("", envelope, TYPE_META),
  2: (from, envelope) => {
    envelope.object = from.inside((inner) => envelope.read(inner, envelope.kind));
  },
});

/** Reads an object that comes next: `read` gets its kind, "" when there is none, and reads its message. */
export function readEnvelope<T>(
  from: WireReader,
  read: (from: WireReader, kind: string) => T,
): T {
  from.expect(MAGIC);
  const envelope: Envelope<T> = { kind: "", object: undefined, read };
  from.fill<Envelope<unknown>>(envelope, UNKNOWN);
  if (envelope.object === undefined) throw new WireError("the message holds no object");
  return envelope.object;
}

/** Reads a whole answer that is one object. */
export function readBody<T>(bytes: Uint8Array, read: (from: WireReader, kind: string) => T): T {
  return readEnvelope(new WireReader(bytes), read);
}
