/**
 * Numbers of <linux/netlink.h> and <linux/netfilter/nfnetlink.h>, on x86-64 and arm64.
 */
const AF_NETLINK = 16, SOCK_RAW = 3, NETLINK_NETFILTER = 12;
const SOL_NETLINK = 270, NETLINK_ADD_MEMBERSHIP = 1, NFNLGRP_NFTABLES = 7;
const SOL_SOCKET = 1, SO_RCVTIMEO = 20, SO_RCVBUFFORCE = 33;

/** The kernel announces a large transaction faster than anybody reads. */
const RECEIVE_BUFFER = 256 * 1024 * 1024;

/** More than one announcement can be: the kernel packs a few pages full at the most. */
const MESSAGE_BYTES = 1024 * 1024;

/** Milliseconds after which a quiet socket is looked after. */
const QUIET_MS = 200;

/** Called with the time (`performance.now()`) at which the kernel announced an address. */
type Seen = (at: number) => void;

/**
 * Listens to the kernel's announcements of changed rules, and tells when one names an address.
 *
 * This is what `nft monitor` listens to. That program reads the whole ruleset before it begins, loses its way when
 * something changes meanwhile, and takes longer to write 10,000 announcements than a proxy to cause them; here they are not
 * even parsed: an address in a rule or an element stands in four bytes of its own. Announcements come after the commit.
 */
export class RuleEvents implements AsyncDisposable {
  readonly #libc = Deno.dlopen("libc.so.6", {
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
    setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
    recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize", nonblocking: true },
    close: { parameters: ["i32"], result: "i32" },
  });
  readonly #waiting = new Map<number, Seen>();
  readonly #socket: number;
  readonly #reading: Promise<void>;
  #closed = false;

  /** Starts to listen in the network namespace of this process. */
  constructor() {
    const { socket, bind } = this.#libc.symbols;
    this.#socket = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
    const address = new Uint8Array(12);
    address[0] = AF_NETLINK;
    if (this.#socket < 0 || bind(this.#socket, address, address.length) !== 0) {
      throw new Error("Cannot listen to the kernel's announcements of rules");
    }
    this.#set(SOL_SOCKET, SO_RCVBUFFORCE, Int32Array.of(RECEIVE_BUFFER));
    this.#set(SOL_SOCKET, SO_RCVTIMEO, BigInt64Array.of(0n, BigInt(QUIET_MS * 1000)));
    this.#set(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, Int32Array.of(NFNLGRP_NFTABLES));
    this.#reading = this.#read();
  }

  /** Calls `seen` once when `address` is announced. */
  expect(address: string, seen: Seen): void {
    this.#waiting.set(wordOf(address), seen);
  }

  /** Tells whether `address` has not been announced yet. */
  isExpected(address: string): boolean {
    return this.#waiting.has(wordOf(address));
  }

  /** Expects nothing any longer. */
  forgetAll(): void {
    this.#waiting.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#reading;
    this.#libc.symbols.close(this.#socket);
    this.#libc.close();
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(MESSAGE_BYTES);
    const words = new Uint32Array(buffer.buffer);
    while (!this.#closed) {
      const { recv } = this.#libc.symbols;
      const size = Number(await recv(this.#socket, buffer, BigInt(buffer.length), 0));
      if (size > 0) this.#look(words.subarray(0, size / 4), performance.now());
    }
  }

  #look(words: Uint32Array, at: number): void {
    for (const word of words) {
      const seen = this.#waiting.get(word);
      if (seen === undefined) continue;
      this.#waiting.delete(word);
      seen(at);
    }
  }

  #set(level: number, option: number, value: Int32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>) {
    const bytes = new Uint8Array(value.buffer);
    this.#libc.symbols.setsockopt(this.#socket, level, option, bytes, bytes.length);
  }
}

/** An address as four bytes of memory look when they are read as one number. */
function wordOf(address: string): number {
  return new Uint32Array(Uint8Array.from(address.split("."), Number).buffer)[0]!;
}
