import type { Kind } from "./objects.ts";

/** Something in an object that weir cannot use: that part is skipped and reported, the rest is programmed. */
export interface Problem {
  readonly kind: Kind;
  /** `namespace/name` of the object. */
  readonly object: string;
  readonly message: string;
}
