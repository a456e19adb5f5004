/**
 * SCTP for tests: deno has none of its own, so it is libc's, with calls that wait.
 *
 * `probe` prints whether this kernel has SCTP: `yes` or `no`. `serve NAME PORT ADDRESS…` prints `ready`, and answers each
 * association with `NAME saw SOURCE: BYTES bytes` until it is killed. `ask PORT SOURCE TARGET…` opens an association from
 * SOURCE to each target in turn and prints the answer, or `none`.
 *
 * Each end is bound to one address: the others would be told to the peer in the payload, where no NAT finds them. Permission:
 * `--allow-ffi`. Numbers are those of Linux on x86-64 and arm64 (little-endian).
 */
const AF_INET = 2, AF_INET6 = 10, SOCK_STREAM = 1, IPPROTO_SCTP = 132;
const SOL_SOCKET = 1, SO_RCVTIMEO = 20, SO_SNDTIMEO = 21;

/** Long enough for one INIT to be lost: it comes again after 3 s (RFC 9260, 16). */
const PATIENCE = new Uint8Array(BigInt64Array.of(8n, 0n).buffer);

/** More than fits into a packet. */
const REQUEST_BYTES = 4_000;

const { symbols: libc } = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  accept: { parameters: ["i32", "buffer", "buffer"], result: "i32", nonblocking: true },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
  inet_pton: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  inet_ntop: { parameters: ["i32", "buffer", "buffer", "u32"], result: "pointer" },
});

/** Returns a socket, or a negative number where the kernel has no SCTP. */
function open(family: number): number {
  const fd = libc.socket(family, SOCK_STREAM, IPPROTO_SCTP);
  for (const option of [SO_RCVTIMEO, SO_SNDTIMEO]) {
    libc.setsockopt(fd, SOL_SOCKET, option, PATIENCE, PATIENCE.length);
  }
  return fd;
}

async function serve(name: string, address: string, port: number): Promise<void> {
  const fd = libc.socket(familyOf(address), SOCK_STREAM, IPPROTO_SCTP);
  const own = socketAddress(address, port);
  if (libc.bind(fd, own, own.length) !== 0 || libc.listen(fd, 8) !== 0) {
    throw new Error(`Cannot listen on "${address}", SCTP port ${port}`);
  }
  print("ready");
  while (true) {
    const peer = new Uint8Array(28);
    const association = await libc.accept(fd, peer, new Uint8Array([peer.length, 0, 0, 0]));
    const length = receive(association, REQUEST_BYTES).length;
    const answer = `${name} saw ${addressOf(peer)}: ${length} bytes`;
    libc.send(association, new TextEncoder().encode(answer), BigInt(answer.length), 0);
    libc.close(association);
  }
}

function ask(source: string, target: string, port: number): string {
  const fd = open(familyOf(target));
  const [own, peer] = [socketAddress(source, 0), socketAddress(target, port)];
  try {
    if (libc.bind(fd, own, own.length) !== 0) throw new Error(`Cannot use the address "${source}"`);
    if (libc.connect(fd, peer, peer.length) !== 0) return "none";
    libc.send(fd, new Uint8Array(REQUEST_BYTES), BigInt(REQUEST_BYTES), 0);
    return new TextDecoder().decode(receive(fd, 1)) || "none";
  } finally {
    libc.close(fd);
  }
}

/** Receives at least `enough` bytes, unless the association ends or nothing comes. */
function receive(fd: number, enough: number): Uint8Array {
  const bytes = new Uint8Array(REQUEST_BYTES);
  let length = 0;
  while (length < enough) {
    const got = Number(libc.recv(fd, bytes.subarray(length), BigInt(bytes.length - length), 0));
    if (got <= 0) break;
    length += got;
  }
  return bytes.subarray(0, length);
}

function familyOf(address: string): number {
  return address.includes(":") ? AF_INET6 : AF_INET;
}

function socketAddress(address: string, port: number): Uint8Array<ArrayBuffer> {
  const family = familyOf(address);
  const bytes = new Uint8Array(family === AF_INET6 ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, family, true);
  view.setUint16(2, port);
  const text = new TextEncoder().encode(`${address}\0`);
  libc.inet_pton(family, text, bytes.subarray(family === AF_INET6 ? 8 : 4));
  return bytes;
}

function addressOf(socketAddress: Uint8Array<ArrayBuffer>): string {
  const family = new DataView(socketAddress.buffer).getUint16(0, true);
  const text = new Uint8Array(46);
  libc.inet_ntop(family, socketAddress.subarray(family === AF_INET6 ? 8 : 4), text, text.length);
  return new TextDecoder().decode(text.subarray(0, text.indexOf(0)));
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

const [what, ...args] = Deno.args;
if (what === "probe") print(open(AF_INET) < 0 ? "no" : "yes");
if (what === "serve") {
  const [name = "", port, ...addresses] = args;
  await Promise.all(addresses.map((address) => serve(name, address, Number(port))));
}
if (what === "ask") {
  const [port, source = "", ...targets] = args;
  for (const target of targets) print(ask(source, target, Number(port)));
}
