import { normaliseAddress } from "../model/address.ts";

/** An address and port to listen on. */
export interface HostPort {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Gives a bare IP a port, and an IPv6 one its brackets: anything else stays as it is. */
export function withPort(address: string, port: number): string {
  if (normaliseAddress(address) === undefined) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * Splits `IP:port` or `[IPv6]:port`, or returns what is wrong with it.
 *
 * The port is a number from 1 to 65535, never the name of a service.
 */
export function parseHostPort(address: string): HostPort | string {
  const [, inBrackets, plain, port = ""] =
    /^(?:\[([^\[\]]*)\]|([^:\[\]]*)):([^:]*)$/.exec(address) ??
      [];
  const host = inBrackets ?? plain;
  if (host === undefined) return "is not IP:port";
  if (normaliseAddress(host) === undefined) return "does not start with an IP address";
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
    return "does not end with a port from 1 to 65535";
  }
  return { host, port: Number(port) };
}
