import { type Dispatch, type Outcome, POLICY } from "../../model/policy.ts";

/** With what the rules of a policy are written: they are the same for addresses and for node ports. */
export interface PolicyWords {
  /** The match for packets of pods; "" when nobody can be told to be a pod. */
  readonly isPod: string;
  /** What asks for masquerading. */
  readonly mark: string;
  /** What a frontend is found by. */
  readonly key: string;
  /** The maps from frontends to those who pick an endpoint of a list. */
  readonly maps: { readonly cluster: string; readonly local: string };
}

/**
 * Returns the rules that a row of the decision table stands for: origin by origin, the most special first.
 *
 * Frontends without endpoints here share the chain of those that have some. What the table drops finds nothing in the
 * map of the local list, goes on untranslated, and is dropped by the checks that follow.
 */
export function policyRules(
  dispatch: Extract<Dispatch, "external" | "external-local">,
  { isPod, mark, key, maps }: PolicyWords,
): readonly string[] {
  const { pod, host, outside } = POLICY[dispatch];
  const rules = (match: string, { to, masquerade }: Outcome): readonly string[] => [
    ...(masquerade ? [`${match}${mark}`] : []),
    ...(to === "cluster" || to === "local" ? [`${match}${key} vmap @${maps[to]}`] : []),
  ];
  if (pod === outside && host === outside) return rules("", outside);
  return [
    ...(isPod === "" ? [] : rules(`${isPod} `, pod)),
    ...rules("fib saddr type local ", host),
    ...rules("", outside),
  ];
}
