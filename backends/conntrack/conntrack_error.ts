/** Thrown when the connection tracking table could not be read or changed. */
export class ConntrackError extends Error {
  override readonly name = "ConntrackError";
  /**
   * `missing`: there is no program `conntrack`, or it may not be run; `interrupted`: the kernel asks to try again;
   * `failed`: anything else.
   */
  readonly kind: "missing" | "interrupted" | "failed";

  constructor(kind: ConntrackError["kind"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
