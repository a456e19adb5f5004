import { familyOf, type Protocol } from "../../model/family.ts";

/** Writes an address and port as people do: `10.96.0.10:80/TCP`; `*` stands for the addresses of a node port. */
export function frontendText(address: string, port: number, protocol: Protocol): string {
  const host = address === "" ? "*" : familyOf(address) === "IPv6" ? `[${address}]` : address;
  return `${host}:${port}/${protocol}`;
}
