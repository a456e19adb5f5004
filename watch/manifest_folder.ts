/** What tells whether a file has changed without reading it. */
export type Fingerprint = string;

/** What a folder holds. */
export interface FolderListing {
  /** By the path relative to the folder, in the order in which they were found. */
  readonly files: ReadonlyMap<string, Fingerprint>;
  /** Sub folders that cannot be read now, and why. What was known of them may still be so. */
  readonly unreadable: ReadonlyMap<string, string>;
}

const MANIFEST = /\.(?:ya?ml|json)$/i;

/**
 * Tells whether the file at `path`, relative to the folder, counts as a manifest. Names that begin with a dot do not:
 * editors and version control keep such files, and kubelet keeps the versions of a mounted ConfigMap in `..data`.
 */
export function isManifest(path: string): boolean {
  return MANIFEST.test(path) && !path.split("/").some((part) => part.startsWith("."));
}

/**
 * Lists the manifests below `dir`. Links to files are followed, links to folders are not.
 *
 * Throws `Deno.errors.NotFound` when `dir` does not exist, and whatever else keeps it from being read.
 */
export async function listManifests(dir: string): Promise<FolderListing> {
  const files = new Map<string, Fingerprint>();
  const unreadable = new Map<string, string>();
  const list = async (prefix: string): Promise<void> => {
    for await (const entry of Deno.readDir(`${dir}/${prefix}`)) {
      const path = `${prefix}${entry.name}`;
      if (entry.name.startsWith(".")) continue;
      if (entry.isDirectory) await listSubfolder(`${path}/`);
      else if (isManifest(path)) await add(path);
    }
  };
  const listSubfolder = async (prefix: string): Promise<void> => {
    try {
      await list(prefix);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) unreadable.set(prefix, messageOf(error));
    }
  };
  const add = async (path: string): Promise<void> => {
    const fingerprint = await fingerprintOf(`${dir}/${path}`);
    if (fingerprint !== undefined) files.set(path, fingerprint);
  };
  await list("");
  return { files, unreadable };
}

/** Returns the fingerprint of a file or folder, links followed; undefined when there is none. */
export async function fingerprintOf(path: string): Promise<Fingerprint | undefined> {
  try {
    const info = await Deno.stat(path);
    const stamp = `${info.dev}:${info.ino}`;
    return info.isDirectory ? stamp : `${stamp}:${info.size}:${info.mtime?.getTime()}`;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

/** Reads a file; undefined when it is gone. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

/** A link that leads nowhere, or a file where a folder was, is as absent as a file that was deleted. */
function isAbsence(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.FilesystemLoop;
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
