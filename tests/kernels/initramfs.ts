import { CpioWriter, FILE, FOLDER, LINK } from "./cpio.ts";

/** A folder of this machine that goes into the archive. */
export interface Layer {
  readonly from: string;
  /** Where it goes, e.g. `/` or `/opt/deno-cache`. */
  readonly to: string;
  /** Tells whether something goes in, by its path below `from`, e.g. `/usr/share`. Of a folder: with all that is in it. */
  readonly takes?: (path: string) => boolean;
}

/** What an initial file system is made of. */
export interface Contents {
  readonly layers: readonly Layer[];
  /** Programs and texts, by path. */
  readonly programs: Readonly<Record<string, Uint8Array<ArrayBuffer> | string>>;
  /** Symbolic links: targets by path. */
  readonly links: Readonly<Record<string, string>>;
}

/** The folders of which Debian's packages have files, and which are links to those in /usr. */
const MERGED = ["bin", "sbin", "lib", "lib64"];

/** Writes the file system that a kernel starts with into `file`. Where layers have the same path, the last one wins. */
export async function writeInitramfs(file: string, contents: Contents): Promise<void> {
  using output = await Deno.open(file, { write: true, create: true, truncate: true });
  const archive = new Archive(
    new CpioWriter(async (bytes) => {
      for (let at = 0; at < bytes.length;) at += await output.write(bytes.subarray(at));
    }),
  );
  for (const name of MERGED) await archive.link(`/${name}`, `usr/${name}`);
  for (const layer of contents.layers) await archive.addLayer(layer);
  for (const [path, data] of Object.entries(contents.programs)) {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    await archive.file(path, 0o755, bytes);
  }
  for (const [path, target] of Object.entries(contents.links)) await archive.link(path, target);
  await archive.end();
}

/** Returns a path as it is without links: `/sbin/nft` is `/usr/sbin/nft`. */
export function mergedPath(path: string): string {
  const [, first = ""] = path.split("/");
  return MERGED.includes(first) ? `/usr${path}` : path;
}

/** An archive that has each folder once. */
class Archive {
  readonly #writer: CpioWriter;
  readonly #folders = new Set([""]);

  constructor(writer: CpioWriter) {
    this.#writer = writer;
  }

  async file(path: string, mode: number, data: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#folder(parentOf(path));
    await this.#writer.add({ path: path.slice(1), mode: FILE | (mode & 0o777), data });
  }

  async link(path: string, target: string): Promise<void> {
    await this.#folder(parentOf(path));
    const data = new TextEncoder().encode(target);
    await this.#writer.add({ path: path.slice(1), mode: LINK | 0o777, data });
  }

  async addLayer({ from, to, takes = () => true }: Layer): Promise<void> {
    const root = to === "/" ? "" : to;
    const waiting = [""];
    for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
      for await (const { name, isDirectory, isSymlink } of Deno.readDir(`${from}${folder}`)) {
        const path = `${folder}/${name}`;
        if (!takes(path)) continue;
        const target = mergedPath(`${root}${path}`);
        if (isDirectory) {
          waiting.push(path);
          await this.#folder(target);
        } else if (isSymlink) {
          await this.link(target, await Deno.readLink(`${from}${path}`));
        } else {
          const { mode } = await Deno.lstat(`${from}${path}`);
          await this.file(target, mode ?? 0o644, await Deno.readFile(`${from}${path}`));
        }
      }
    }
  }

  async end(): Promise<void> {
    await this.#writer.end();
  }

  async #folder(path: string): Promise<void> {
    if (this.#folders.has(path)) return;
    this.#folders.add(path);
    await this.#folder(parentOf(path));
    await this.#writer.add({ path: path.slice(1), mode: FOLDER | 0o755 });
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
