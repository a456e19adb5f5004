import { normaliseAddress } from "../../model/address.ts";
import { familyOf, type Protocol, PROTOCOLS } from "../../model/family.ts";
import type { ObjectKey } from "../../model/objects.ts";

/** What somebody wants to know: about an address and port, or about a Service. */
export interface Question {
  readonly target: AddressTarget | ServiceTarget;
  /** Who sends; undefined for everybody. */
  readonly from: From | undefined;
}

/** An address and port that clients use. */
export interface AddressTarget {
  readonly by: "address";
  /** Normalised. */
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/** A Service, or one port of it. */
export interface ServiceTarget {
  readonly by: "service";
  readonly service: ObjectKey;
  /** The number or the name of a port; undefined for all of them. */
  readonly port: string | undefined;
}

/** Some sender of a kind, or the one at a normalised address. */
export type From = "pod" | "node" | "outside" | { readonly address: string };

const ADDRESS = /^(?:\[([^\]]*)\]|([\d.]+)):(\d{1,5})(?:\/([a-z]+))?$/i;
const SERVICE = /^([a-z0-9][a-z0-9.-]*)\/([a-z0-9][a-z0-9.-]*)(?::([a-z0-9-]+))?$/i;

const FORMS = "write ADDRESS:PORT, ADDRESS:PORT/udp or NAMESPACE/NAME[:PORT]";

/** Reads a question as people type it. Throws a SyntaxError that says what is wrong with it. */
export function parseQuestion(target: string, from: string | undefined): Question {
  const to = parseTarget(target);
  const sender = from === undefined ? undefined : parseFrom(from);
  if (to.by === "address" && typeof sender === "object") {
    const [family, other] = [familyOf(to.address), familyOf(sender.address)];
    if (family !== other) {
      throw new SyntaxError(
        `Cannot explain "${target}" from "${sender.address}": one is ${family}, the other ${other}`,
      );
    }
  }
  return { target: to, from: sender };
}

function parseTarget(text: string): Question["target"] {
  const [, six, four, number, word] = ADDRESS.exec(text) ?? [];
  if (number !== undefined) return addressTarget(text, six ?? four ?? "", number, word ?? "TCP");
  const [, namespace, name, port] = SERVICE.exec(text) ?? [];
  if (namespace !== undefined) return { by: "service", service: `${namespace}/${name}`, port };
  if (normaliseAddress(text.replace(/^\[|\]$/g, "")) !== undefined) {
    const example = text.includes(":") ? `[${text.replace(/^\[|\]$/g, "")}]:80` : `${text}:80`;
    throw new SyntaxError(`Cannot explain "${text}": it has no port, write e.g. "${example}"`);
  }
  throw new SyntaxError(`Cannot explain "${text}": ${FORMS}`);
}

function addressTarget(text: string, host: string, number: string, word: string): AddressTarget {
  const address = normaliseAddress(host);
  if (address === undefined) {
    throw new SyntaxError(`Cannot explain "${text}": "${host}" is not an IP address`);
  }
  const port = Number(number);
  if (port < 1 || port > 65535) {
    throw new SyntaxError(`Cannot explain "${text}": ${port} is not between 1 and 65535`);
  }
  const protocol = PROTOCOLS.find((one) => one === word.toUpperCase());
  if (protocol === undefined) {
    throw new SyntaxError(`Cannot explain "${text}": "${word}" is not one of tcp, udp, sctp`);
  }
  return { by: "address", address, port, protocol };
}

function parseFrom(text: string): From {
  if (text === "pod" || text === "node" || text === "outside") return text;
  const address = normaliseAddress(text);
  if (address !== undefined) return { address };
  throw new SyntaxError(
    `Cannot use "${text}" as --from: write pod, node, outside or an IP address`,
  );
}
