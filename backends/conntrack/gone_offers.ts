import type { FrontendKey } from "../../model/frontend.ts";
import type { Gone } from "./staleness.ts";
import type { UdpChanges } from "./udp_changes.ts";

/** Frontends and addresses that are remembered. */
const LIMIT = 10_000;

/**
 * Remembers what was offered and is not any more, until it is known that no flow is left of it.
 *
 * It starts without knowing what was offered before. When there is too much to remember, because the table cannot be
 * cleaned, it forgets all of it, and is as after a start.
 */
export class GoneOffers {
  #frontends = new Set<FrontendKey>();
  #nodePortIPs = new Set<string>();
  #forgotten = true;

  /** Adds what is no longer offered. What comes back may stay in: it is looked for among the offers first. */
  add({ goneFrontends, goneNodePortIPs }: Pick<UdpChanges, "goneFrontends" | "goneNodePortIPs">) {
    this.#addAll(goneFrontends, goneNodePortIPs);
  }

  /** Returns what is remembered and begins anew. */
  take(): Gone {
    const taken = {
      frontends: this.#frontends,
      nodePortIPs: this.#nodePortIPs,
      forgotten: this.#forgotten,
    };
    this.#clear();
    this.#forgotten = false;
    return taken;
  }

  /** Remembers again what was taken. */
  putBack(gone: Gone): void {
    this.#forgotten ||= gone.forgotten;
    this.#addAll(gone.frontends, gone.nodePortIPs);
  }

  #addAll(frontends: Iterable<FrontendKey>, nodePortIPs: Iterable<string>): void {
    for (const key of frontends) this.#frontends.add(key);
    for (const address of nodePortIPs) this.#nodePortIPs.add(address);
    if (this.#frontends.size + this.#nodePortIPs.size <= LIMIT) return;
    this.#clear();
    this.#forgotten = true;
  }

  #clear(): void {
    this.#frontends = new Set();
    this.#nodePortIPs = new Set();
  }
}
