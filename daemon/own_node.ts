import type { Logger } from "@logtape/logtape";
import type { NodeObject } from "../model/objects.ts";
import type { Store } from "../watch/store.ts";
import { type NodeFacts, nodeFacts, ownNode } from "./node_facts.ts";

/** Which Node to follow, and where. */
export interface OwnNodeOptions {
  readonly store: Store;
  /** The name that its object should have. */
  readonly name: string;
  /** See {@linkcode nodeFacts}. */
  readonly bindAddress: string;
  readonly log: Logger;
}

/**
 * This machine's Node object, followed through every change.
 *
 * What it said last stays true when it is deleted, as in kube-proxy: cloud controllers delete the objects of machines
 * that they cannot reach, and API servers come back empty, while the machine goes on serving. A new object counts at
 * once.
 */
export class OwnNode {
  readonly #options: OwnNodeOptions;
  #last: NodeObject | undefined;
  #isThere = false;

  /** Follows the store from now on. */
  constructor(options: OwnNodeOptions) {
    this.#options = options;
    options.store.subscribe(({ kind }) => kind === "Node" && this.#look());
    this.#look();
  }

  /** The object, or what it was before it was deleted; undefined when it was never seen. */
  get object(): NodeObject | undefined {
    return this.#last;
  }

  /** What the rules need to know about the node. */
  get facts(): NodeFacts {
    const { name, bindAddress } = this.#options;
    return nodeFacts(this.#last?.name ?? name, this.#last, bindAddress);
  }

  #look(): void {
    const { store, name, log } = this.#options;
    const found = ownNode(store.snapshot, name);
    if (found === this.#last && this.#isThere === (found !== undefined)) return;
    if (found === undefined && this.#isThere) {
      log.warn("The Node object is gone, what it said last stays in force", { node: name });
    }
    this.#isThere = found !== undefined;
    this.#last = found ?? this.#last;
  }
}
