import type { EffectiveSettings } from "../config/effective.ts";
import type { Family } from "../model/family.ts";
import type { Settings } from "../model/settings.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { LocalAddresses } from "./local_addresses.ts";
import type { OwnNode } from "./own_node.ts";
import { type Circumstances, settingsFor } from "./settings.ts";

/** Where the settings of a family come from. */
export interface SettingsSources {
  readonly config: EffectiveSettings;
  readonly node: OwnNode;
  readonly localAddresses?: LocalAddresses | undefined;
}

/**
 * Returns a function that tells the settings of `family` at the moment of a snapshot.
 *
 * They are made anew only when something that they depend on is another one; else the same object is returned, by
 * which every sync sees at once that nothing but Services changed.
 */
export function currentSettings(
  family: Family,
  sources: SettingsSources,
): (snapshot: Snapshot) => Settings {
  const { node, localAddresses } = sources;
  let inputs: readonly unknown[] = [];
  let settings: Settings | undefined;
  return (snapshot) => {
    const now = [node.object, snapshot.serviceCIDRs, localAddresses?.current];
    if (settings !== undefined && now.every((input, at) => input === inputs[at])) return settings;
    inputs = now;
    settings = settingsFor(family, circumstancesOf(snapshot, sources));
    return settings;
  };
}

/** Returns what there is to be known at the moment of a snapshot. */
export function circumstancesOf(
  snapshot: Snapshot,
  { config, node, localAddresses }: SettingsSources,
): Circumstances {
  return { config, node: node.facts, snapshot, localAddresses: localAddresses?.current };
}
