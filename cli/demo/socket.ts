import type { FlowTarget, Outcome, Transport } from "./protocol.ts";

/**
 * A connected socket over libc, for the lab's clients.
 *
 * Deno's own UDP sockets are never connected, so the kernel does not hand them ICMP errors, and a client could not tell
 * a reject from a drop. A connected one gets `ECONNREFUSED`; and the same few calls give TCP and SCTP with a chosen source.
 * Numbers are those of Linux on x86-64 and arm64 (little-endian).
 */
const AF_INET = 2, AF_INET6 = 10;
const SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_NONBLOCK = 0o4000, SOCK_CLOEXEC = 0o2000000;
const IPPROTO: Readonly<Record<Transport, number>> = { TCP: 6, UDP: 17, SCTP: 132 };
const SOL_SOCKET = 1, SO_REUSEADDR = 2, SO_ERROR = 4, SO_LINGER = 13;
const SOL_IP = 0, IP_RECVERR = 11, SOL_IPV6 = 41, IPV6_RECVERR = 25;
const POLLIN = 1, POLLOUT = 4;
const MSG_DONTWAIT = 0x40, MSG_ERRQUEUE = 0x2000, MSG_NOSIGNAL = 0x4000;
const EPERM = 1, EPIPE = 32, ECONNRESET = 104, ECONNREFUSED = 111, EINPROGRESS = 115;
const CMSG_HEADER_LENGTH = 16;

const libc = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32", nonblocking: true },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recvmsg: { parameters: ["i32", "buffer", "i32"], result: "isize" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  inet_pton: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
});

/** One flow to one target, opened with {@linkcode ConnectedSocket.open}. */
export class ConnectedSocket {
  readonly #fd: number;
  readonly #target: FlowTarget;

  private constructor(fd: number, target: FlowTarget) {
    this.#fd = fd;
    this.#target = target;
  }

  /** Connects; answers with the outcome instead when there is no connection. */
  static async open(target: FlowTarget): Promise<ConnectedSocket | Outcome> {
    const socket = new ConnectedSocket(newSocket(target), target);
    const outcome = await socket.#connect();
    if (outcome === undefined) return socket;
    socket.close();
    return outcome;
  }

  /** Sends one question and waits for its answer. */
  async ask(): Promise<Outcome> {
    const question = new TextEncoder().encode("?\n");
    const sent = libc.symbols.send(
      this.#fd,
      question,
      BigInt(question.length),
      MSG_DONTWAIT | MSG_NOSIGNAL,
    );
    // EPERM: a rule in the sender's own output hook took the packet. If it was a reject, its ICMP error is on its way.
    const error = sent < 0n ? errno() : 0;
    if (error !== 0 && error !== EPERM) return outcomeOf(error);
    if (!await this.#ready(POLLIN)) return { result: "timeout" };
    const buffer = new Uint8Array(512);
    const length = Number(
      libc.symbols.recv(this.#fd, buffer, BigInt(buffer.length), MSG_DONTWAIT),
    );
    if (length < 0) return outcomeOf(takeError(this.#fd) || errno());
    return length === 0 ? { result: "reset" } : answer(buffer.subarray(0, length));
  }

  /** Closes the flow; TCP ends with a reset, so that thousands of flows leave no socket in TIME_WAIT. */
  close(): void {
    libc.symbols.close(this.#fd);
  }

  async #connect(): Promise<Outcome | undefined> {
    const address = socketAddress(this.#target.address, this.#target.port);
    if (libc.symbols.connect(this.#fd, address, address.length) === 0) return undefined;
    const error = errno();
    if (error !== EINPROGRESS) return outcomeOf(error);
    if (!await this.#ready(POLLOUT)) return { result: "timeout" };
    const problem = takeError(this.#fd);
    return problem === 0 ? undefined : outcomeOf(problem);
  }

  async #ready(events: number): Promise<boolean> {
    const pollfd = new DataView(new ArrayBuffer(8));
    pollfd.setInt32(0, this.#fd, true);
    pollfd.setInt16(4, events, true);
    return await libc.symbols.poll(new Uint8Array(pollfd.buffer), 1n, this.#target.timeoutMs) > 0;
  }
}

function newSocket(target: FlowTarget): number {
  const domain = target.address.includes(":") ? AF_INET6 : AF_INET;
  const type = target.protocol === "UDP" ? SOCK_DGRAM : SOCK_STREAM;
  const protocol = IPPROTO[target.protocol];
  const fd = libc.symbols.socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  if (fd < 0) throw new Error(`Cannot open a ${target.protocol} socket: errno ${errno()}`);
  // For a port that is asked for only: of UDP sockets that allow it the kernel gives several the same port at a time, and
  // then one gets the answers to the other.
  if (target.sourcePort !== undefined) setOption(fd, SOL_SOCKET, SO_REUSEADDR, [1]);
  if (target.protocol === "TCP") setOption(fd, SOL_SOCKET, SO_LINGER, [1, 0]);
  const [level, option] = domain === AF_INET ? [SOL_IP, IP_RECVERR] : [SOL_IPV6, IPV6_RECVERR];
  setOption(fd, level, option, [1]);
  try {
    bindSource(fd, target);
  } catch (error) {
    libc.symbols.close(fd);
    throw error;
  }
  return fd;
}

function bindSource(fd: number, target: FlowTarget): void {
  if (target.sourceAddress === undefined && target.sourcePort === undefined) return;
  const any = target.address.includes(":") ? "::" : "0.0.0.0";
  const source = target.sourceAddress ?? any;
  const address = socketAddress(source, target.sourcePort ?? 0);
  if (libc.symbols.bind(fd, address, address.length) !== 0) {
    throw new Error(`Cannot bind to "${source}" port ${target.sourcePort ?? 0}: errno ${errno()}`);
  }
}

function setOption(fd: number, level: number, option: number, values: readonly number[]): void {
  const bytes = new Uint8Array(Int32Array.from(values).buffer);
  libc.symbols.setsockopt(fd, level, option, bytes, bytes.length);
}

/** Builds a `sockaddr_in` or `sockaddr_in6`. */
function socketAddress(address: string, port: number): Uint8Array<ArrayBuffer> {
  const ipv6 = address.includes(":");
  const bytes = new Uint8Array(ipv6 ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, ipv6 ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port, false);
  const text = new TextEncoder().encode(`${address}\0`);
  const where = bytes.subarray(ipv6 ? 8 : 4);
  if (libc.symbols.inet_pton(ipv6 ? AF_INET6 : AF_INET, text, where) !== 1) {
    throw new Error(`Cannot connect: "${address}" is not an IP address`);
  }
  return bytes;
}

/** Returns the socket's error, or 0, and clears it. */
function takeError(fd: number): number {
  const value = new Int32Array(1), length = Int32Array.of(4);
  libc.symbols.getsockopt(fd, SOL_SOCKET, SO_ERROR, bytesOf(value), bytesOf(length));
  let error = value[0] ?? 0;
  for (let queued; (queued = nextQueuedError(fd)) !== 0;) error ||= queued;
  return error;
}

/**
 * Returns the next error of the socket's error queue (`IP_RECVERR`, ip(7)), or 0: the first field of the
 * `sock_extended_err` that comes as its control message.
 *
 * Without the queue, an ICMP error that arrives while `connect` still holds the socket (between namespaces of one
 * machine nearly always) is only remembered as a soft error, and the client hears of it at its next SYN, a second
 * later; and UDP sockets never hear that a host is unreachable.
 */
function nextQueuedError(fd: number): number {
  const control = new Uint8Array(256), message = new DataView(new ArrayBuffer(56));
  const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(control));
  message.setBigUint64(32, BigInt(address), true);
  message.setBigUint64(40, BigInt(control.length), true);
  const flags = MSG_ERRQUEUE | MSG_DONTWAIT;
  if (libc.symbols.recvmsg(fd, new Uint8Array(message.buffer), flags) < 0n) return 0;
  return new DataView(control.buffer).getUint32(CMSG_HEADER_LENGTH, true);
}

function bytesOf(array: Int32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(array.buffer);
}

/** The last error of this thread; only meaningful right after a call that is not `nonblocking`. */
function errno(): number {
  const pointer = libc.symbols.__errno_location();
  return pointer === null ? 0 : new Deno.UnsafePointerView(pointer).getInt32();
}

function outcomeOf(error: number): Outcome {
  if (error === ECONNREFUSED) return { result: "refused" };
  if (error === ECONNRESET || error === EPIPE) return { result: "reset" };
  return { result: "unreachable" };
}

function answer(bytes: Uint8Array): Outcome {
  const [server = "", source = "", port = ""] = new TextDecoder().decode(bytes).trim().split(" ");
  return { result: "answered", server, source, sourcePort: Number(port) };
}
