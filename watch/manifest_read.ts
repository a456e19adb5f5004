import type { ClusterObject } from "../model/objects.ts";
import { listManifests, messageOf, readIfThere } from "./manifest_folder.ts";
import { type Duplicate, ManifestIndex } from "./manifest_index.ts";
import { type ManifestProblem, parseManifest } from "./manifest_parse.ts";

/** Everything that a folder of manifests says. */
export interface ManifestContents {
  readonly objects: ClusterObject[];
  /** One line each, ready for people: what could not be used, and what is defined twice. */
  readonly problems: string[];
}

/**
 * Reads all manifests below `dir` once: what a manifest source feeds to its sink at first.
 *
 * Bad documents are problems; the good ones beside them are used. Throws when `dir` cannot be read.
 */
export async function readManifests(dir: string): Promise<ManifestContents> {
  const index = new ManifestIndex();
  const { files, unreadable } = await listManifests(dir).catch((error) => {
    throw new Error(`Cannot read manifests from "${dir}": ${messageOf(error)}`, { cause: error });
  });
  const problems = [...unreadable].map(([path, reason]) =>
    `Cannot read "${dir}/${path}": ${reason}`
  );
  for (const path of [...files.keys()].sort()) {
    try {
      const manifest = parseManifest(await readIfThere(`${dir}/${path}`) ?? "");
      const { duplicates } = index.update(path, manifest.objects);
      problems.push(
        ...manifest.problems.map((problem) => describeProblem(`${dir}/${path}`, problem)),
      );
      problems.push(...duplicates.map(describeDuplicate));
    } catch (error) {
      problems.push(`Cannot read "${dir}/${path}": ${messageOf(error)}`);
    }
  }
  return { objects: index.objects(), problems };
}

/** `a.yaml: document 2, line 14: Cannot …`. */
export function describeProblem(file: string, problem: ManifestProblem): string {
  return `${file}: document ${problem.document}, line ${problem.line}: ${problem.reason}`;
}

/** Says who wins. */
export function describeDuplicate(duplicate: Duplicate): string {
  const { object, winner, loser } = duplicate;
  return `${loser}: ${object} is defined in "${winner}" already, which counts`;
}
