/** What an archive has at a path. */
export interface Entry {
  /** Relative to the root, e.g. `usr/sbin/nft`. */
  readonly path: string;
  /** The type and the permissions of a file, as `stat` gives them. */
  readonly mode: number;
  /** The content of a file, or the target of a symbolic link. */
  readonly data?: Uint8Array<ArrayBuffer>;
}

/** Types of files, as parts of a mode. */
export const FILE = 0o100000, FOLDER = 0o040000, LINK = 0o120000;

/** The name of the entry that ends an archive. */
const TRAILER = "TRAILER!!!";

/** Headers with their names, and contents, begin at multiples of this. */
const ALIGNMENT = 4;

/**
 * Writes entries as an archive that the kernel unpacks before it starts `init`: cpio's format "newc", in which everything
 * belongs to root (Documentation/driver-api/early-userspace/buffer-format.rst). A folder comes before what is in it.
 */
export class CpioWriter {
  readonly #write: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>;
  #inode = 0;

  constructor(write: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>) {
    this.#write = write;
  }

  async add({ path, mode, data = new Uint8Array() }: Entry): Promise<void> {
    await this.#write(header(path, { inode: ++this.#inode, mode, size: data.length }));
    if (data.length > 0) await this.#write(data);
    const padding = paddingOf(data.length);
    if (padding > 0) await this.#write(new Uint8Array(padding));
  }

  /** Writes the end of the archive. */
  async end(): Promise<void> {
    await this.add({ path: TRAILER, mode: 0 });
  }
}

/** Returns the header of an entry and its name. */
function header(
  path: string,
  { inode, mode, size }: { inode: number; mode: number; size: number },
): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(`${path}\0`);
  const [owner, links, device, checksum] = [0, 1, 0, 0];
  const fields = [
    ...[inode, mode, owner, owner, links, 0, size],
    ...[device, device, device, device],
    ...[name.length, checksum],
  ];
  const text = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  const length = text.length + name.length;
  const bytes = new Uint8Array(length + paddingOf(length));
  bytes.set(new TextEncoder().encode(text));
  bytes.set(name, text.length);
  return bytes;
}

function paddingOf(length: number): number {
  return (ALIGNMENT - length % ALIGNMENT) % ALIGNMENT;
}
