import fc from "fast-check";
import { difference } from "../../backends/nftables/difference.ts";
import { differenceScript } from "../../backends/nftables/difference_script.ts";
import { fullScript } from "../../backends/nftables/full_script.ts";
import { PartTally } from "../../backends/nftables/part_tally.ts";
import { partsOf } from "../../backends/nftables/parts.ts";
import { advance } from "../../model/advance.ts";
import { frontends } from "../../model/desired_state.ts";
import { FAMILIES } from "../../model/family.ts";
import { hostileObjects, settingsIn, WAYS } from "../support/hostile_cluster.ts";
import { flushRules, kernelTest, nftWith } from "../support/kernel.ts";
import { snapshotOf } from "../support/objects.ts";
import { stateOf } from "../support/state.ts";

for (const [way, take] of Object.entries(WAYS)) {
  kernelTest(
    `Whatever comes by way of ${way}, nft accepts the whole of it and every difference`,
    async () => {
      await fc.assert(
        fc.asyncProperty(hostileObjects(), hostileObjects(), async (first, second) => {
          await flushRules();
          const [before, after] = [take(first), take([...first.slice(1), ...second])];
          for (const family of FAMILIES) {
            const used = settingsIn(before, family);
            const previous = stateOf(before, { family, settings: used });
            await nftWith(fullScript(previous), "-f", "-");
            const parts = new PartTally();
            const live = [...frontends(previous)].flatMap((one) => [...partsOf(family, one)]);
            parts.reset(live, [], 0);
            const change = {
              snapshot: snapshotOf(...after),
              settings: used,
              services: "all",
            } as const;
            const transition = advance(previous, change);
            const changes = differenceScript(family, difference(transition), parts);
            await nftWith(changes, "-c", "-f", "-");
            const next = stateOf(after, { family, settings: settingsIn(after, family) });
            await nftWith(fullScript(next), "-c", "-f", "-");
          }
        }),
        { numRuns: 40 },
      );
    },
  );
}
