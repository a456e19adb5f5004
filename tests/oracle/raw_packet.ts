/**
 * Sends packets of protocols for which there is no ordinary client, one after the other, and prints a line for each with
 * what came back: `answered`, `refused` (port unreachable), `no such protocol`, `unreachable` or `timeout`.
 *
 * Arguments, for each packet: `echo` or `sctp`, the address, the port. Permission: `--allow-ffi`; it needs CAP_NET_RAW.
 * Numbers are those of Linux on x86-64 and arm64 (little-endian).
 */
const AF_INET = 2, AF_INET6 = 10, SOCK_RAW = 3;
const IPPROTO_ICMP = 1, IPPROTO_ICMPV6 = 58, IPPROTO_SCTP = 132;
const SOL_IP = 0, IP_RECVERR = 11, SOL_IPV6 = 41, IPV6_RECVERR = 25;
const POLLIN = 1, POLLERR = 8, MSG_DONTWAIT = 0x40;
const EPROTO = 71, ENOPROTOOPT = 92, ECONNREFUSED = 111;
const TIMEOUT_MS = 400;

const libc = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
  inet_pton: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
});

/** Sends `packet` as the payload of IP protocol `protocol` and says what came of it. */
function exchange(address: string, protocol: number, packet: Uint8Array<ArrayBuffer>): string {
  const ipv6 = address.includes(":");
  const fd = libc.symbols.socket(ipv6 ? AF_INET6 : AF_INET, SOCK_RAW, protocol);
  if (fd < 0) throw new Error(`Cannot open a raw socket: errno ${errno()}`);
  const [level, option] = ipv6 ? [SOL_IPV6, IPV6_RECVERR] : [SOL_IP, IP_RECVERR];
  libc.symbols.setsockopt(fd, level, option, new Uint8Array([1, 0, 0, 0]), 4);
  const target = socketAddress(address, ipv6);
  if (libc.symbols.connect(fd, target, target.length) !== 0) return ofError(errno());
  if (libc.symbols.send(fd, packet, BigInt(packet.length), MSG_DONTWAIT) < 0n) {
    const error = errno();
    // EPERM: a rule of this very namespace took it. If it was a reject, its ICMP error is on its way.
    if (error !== 1) return ofError(error);
  }
  const poll = new DataView(new ArrayBuffer(8));
  poll.setInt32(0, fd, true);
  poll.setInt16(4, POLLIN | POLLERR, true);
  if (libc.symbols.poll(new Uint8Array(poll.buffer), 1n, TIMEOUT_MS) <= 0) return "timeout";
  const got = libc.symbols.recv(fd, new Uint8Array(512), 512n, MSG_DONTWAIT);
  return got < 0n ? ofError(errno()) : "answered";
}

function ofError(error: number): string {
  if (error === ECONNREFUSED) return "refused";
  return error === ENOPROTOOPT || error === EPROTO ? "no such protocol" : "unreachable";
}

function socketAddress(address: string, ipv6: boolean): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ipv6 ? 28 : 16);
  new DataView(bytes.buffer).setUint16(0, ipv6 ? AF_INET6 : AF_INET, true);
  const text = new TextEncoder().encode(`${address}\0`);
  libc.symbols.inet_pton(ipv6 ? AF_INET6 : AF_INET, text, bytes.subarray(ipv6 ? 8 : 4));
  return bytes;
}

function errno(): number {
  const pointer = libc.symbols.__errno_location();
  return pointer === null ? 0 : new Deno.UnsafePointerView(pointer).getInt32();
}

/** An ICMP echo request; the kernel fills in the checksum of ICMPv6 itself. */
function echo(ipv6: boolean): Uint8Array<ArrayBuffer> {
  const packet = new Uint8Array(8), view = new DataView(packet.buffer);
  view.setUint8(0, ipv6 ? 128 : 8);
  view.setUint16(4, 0x7765);
  view.setUint16(6, 1);
  if (!ipv6) view.setUint16(2, 0xffff - (0x0800 + 0x7765 + 1));
  return packet;
}

/** An SCTP packet with an INIT chunk (RFC 9260, 3.3.2). */
function init(port: number): Uint8Array<ArrayBuffer> {
  const packet = new Uint8Array(32), view = new DataView(packet.buffer);
  view.setUint16(0, 40_000);
  view.setUint16(2, port);
  view.setUint8(12, 1);
  view.setUint16(14, 20);
  view.setUint32(16, 0x7765_6972);
  view.setUint32(20, 65_536);
  view.setUint16(24, 1);
  view.setUint16(26, 1);
  view.setUint32(28, 1);
  view.setUint32(8, crc32c(packet), true);
  return packet;
}

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0);
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}

function send([kind = "", address = "", port = ""]: readonly string[]): string {
  const ipv6 = address.includes(":");
  return kind === "sctp"
    ? exchange(address, IPPROTO_SCTP, init(Number(port)))
    : exchange(address, ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, echo(ipv6));
}

function main(args: readonly string[]): string {
  const outcomes: string[] = [];
  for (let at = 0; at < args.length; at += 3) outcomes.push(send(args.slice(at, at + 3)));
  return outcomes.join("\n");
}

if (import.meta.main) Deno.stdout.writeSync(new TextEncoder().encode(main(Deno.args)));
