/**
 * Blocking sockets over libc, for programs that do nothing else: measured times have no event loop in them. Numbers are
 * those of Linux on x86-64 and arm64 (little-endian).
 */
const AF_INET = 2;
const SOL_SOCKET = 1, SO_REUSEADDR = 2, SO_LINGER = 13, SO_RCVTIMEO = 20;

const { symbols } = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  accept: { parameters: ["i32", "pointer", "pointer"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recvfrom: {
    parameters: ["i32", "buffer", "usize", "i32", "buffer", "buffer"],
    result: "isize",
  },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
});

/** The functions of libc. */
export const libc = symbols;

/** The transports that are measured. */
export type Transport = "TCP" | "UDP";

/**
 * Opens a socket. It waits two seconds for an answer at the most, and TCP ends with a reset, so that thousands of
 * connections leave nothing behind.
 */
export function openSocket(transport: Transport): number {
  const fd = libc.socket(AF_INET, transport === "TCP" ? 1 : 2, 0);
  if (fd < 0) throw new Error(`Cannot open a ${transport} socket`);
  libc.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, REUSE, 4);
  if (transport === "TCP") libc.setsockopt(fd, SOL_SOCKET, SO_LINGER, RESET, 8);
  else libc.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, PATIENCE, 16);
  return fd;
}

/** Builds a `sockaddr_in`. */
export function socketAddress(address: string, port: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port, false);
  bytes.set(address.split(".").map(Number), 4);
  return bytes;
}

const REUSE = new Uint8Array(Int32Array.of(1).buffer);
const RESET = new Uint8Array(Int32Array.of(1, 0).buffer);
const PATIENCE = new Uint8Array(BigInt64Array.of(2n, 0n).buffer);
