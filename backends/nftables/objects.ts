/** A set or a map, without its elements. */
export interface Declaration {
  readonly what: "set" | "map";
  readonly name: string;
  /**
   * The body of the declaration. Always `typeof`, never `type`: nft 1.0.6 crashes when it lists a `type` set that
   * nft 1.1.3 wrote, and the host's own nft must be able to read the table.
   */
  readonly body: string;
}

/** A chain with its rules. */
export interface Chain {
  readonly name: string;
  /** The hook of a base chain. */
  readonly hook?: string;
  readonly rules: readonly string[];
}

/** An element of a set or map, as text. */
export interface Element {
  readonly map: string;
  readonly key: string;
  /** What follows the key: a comment and the value. "" in a set. */
  readonly rest: string;
}
