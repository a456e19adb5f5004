import { type ClusterObject, keyOf, type Kind } from "../../model/objects.ts";
import type { Sink } from "../../watch/source.ts";

/** A sink that keeps what is in force, and how it came to be. */
export class Recorder implements Sink {
  /** By `Kind namespace/name`. */
  readonly objects = new Map<string, ClusterObject>();
  /** `replace Service a b`, `upsert a`, `remove a`, in order. */
  readonly calls: string[] = [];
  heardCount = 0;

  replace(kind: Kind, objects: Iterable<ClusterObject>): void {
    for (const [key, object] of this.objects) if (object.kind === kind) this.objects.delete(key);
    const names: string[] = [];
    for (const object of objects) {
      this.objects.set(`${object.kind} ${keyOf(object)}`, object);
      names.push(object.name);
    }
    this.calls.push(["replace", kind, ...names].join(" "));
  }

  upsertAll(kind: Kind, objects: readonly ClusterObject[]): void {
    for (const object of objects) this.objects.set(`${kind} ${keyOf(object)}`, object);
    this.calls.push(["early", kind, ...objects.map((object) => object.name)].join(" "));
  }

  upsert(object: ClusterObject): void {
    this.objects.set(`${object.kind} ${keyOf(object)}`, object);
    this.calls.push(`upsert ${object.name}`);
  }

  remove(kind: Kind, key: string): void {
    this.objects.delete(`${kind} ${key}`);
    this.calls.push(`remove ${key}`);
  }

  heard(): void {
    this.heardCount++;
  }

  /** Waits until that many calls were made. */
  async until(count: number): Promise<void> {
    await until(() => this.calls.length >= count, () => `calls: ${this.calls.join(", ")}`);
  }
}

/** Waits until `condition` holds; rejects after 5 s with `state`. */
export async function until(
  condition: () => boolean,
  state: () => string = () => "",
): Promise<void> {
  const end = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Waited in vain for ${condition}: ${state()}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
