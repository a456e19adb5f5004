import type { Nft } from "./nft.ts";
import type { NftSession } from "./nft_session.ts";

/** Characters up to which a transaction goes through the session. */
const SMALL = 32_768;

/**
 * Returns an {@linkcode Nft} that runs small transactions in `session` and all others in processes of their own.
 *
 * After a failure the next transaction goes through a process of its own, so that a session that is at fault itself does
 * not stand in the way of the recovery. While the session works on one, others have processes of their own, too.
 */
export function withSession(spawned: Nft, session: Pick<NftSession, "apply">): Nft {
  let recovering = false;
  let isBusy = false;
  return {
    ...spawned,
    async apply(script, signal) {
      const { head, rest } = take(script, SMALL);
      if (rest !== undefined || recovering || isBusy) {
        await spawned.apply(chain(head, rest), signal);
        recovering = false;
        return;
      }
      isBusy = true;
      try {
        await session.apply(head.join(""));
      } catch (error) {
        recovering = true;
        throw error;
      } finally {
        isBusy = false;
      }
    },
  };
}

/** Takes chunks until they are longer than `limit`; what is left then is `rest`. */
function take(
  script: Iterable<string>,
  limit: number,
): { readonly head: readonly string[]; readonly rest: Iterator<string> | undefined } {
  const head: string[] = [];
  const chunks = script[Symbol.iterator]();
  for (let size = 0; size <= limit;) {
    const { done, value } = chunks.next();
    if (done === true) return { head, rest: undefined };
    head.push(value);
    size += value.length;
  }
  return { head, rest: chunks };
}

function* chain(head: readonly string[], rest: Iterator<string> | undefined): Iterable<string> {
  yield* head;
  for (let next = rest?.next(); next !== undefined && !next.done; next = rest?.next()) {
    yield next.value;
  }
}
