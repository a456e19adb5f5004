import assert from "node:assert/strict";
import { nftFamily } from "../../backends/nftables/names.ts";
import type { Nft } from "../../backends/nftables/nft.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import { ClusterLab, type Member } from "../support/cluster_lab.ts";
import { kernelTest } from "../support/kernel.ts";
import { address, ALL, CONNECTIONS, mapsOf, nftOf, servers, sticky, VIP } from "./_affinity.ts";

/** Puts something between the moment in which weir reads the maps of a family and the commit. */
class Ambush {
  /** Done once each, before the next transactions. */
  readonly acts: (() => Promise<void>)[] = [];
  /** Transactions so far. */
  applied = 0;
  readonly #table: string;

  constructor(family: Family) {
    this.#table = ` ${nftFamily(family)} weir `;
  }

  wrap(nft: Nft): Nft {
    return {
      ...nft,
      apply: async (script, signal) => {
        const text = [...script].join("");
        if (text.includes(this.#table)) {
          this.applied++;
          await this.acts.shift()?.();
        }
        await nft.apply([text], signal);
      },
    };
  }
}

/** A lab with an {@linkcode Ambush}, the Service {@linkcode sticky}, and a client that has an endpoint. */
class Stage implements AsyncDisposable {
  readonly ambush: Ambush;
  readonly world: ClusterLab;
  readonly #family: Family;

  private constructor(family: Family, ambush: Ambush, world: ClusterLab) {
    this.#family = family;
    this.ambush = ambush;
    this.world = world;
  }

  static async create(family: Family): Promise<Stage> {
    const ambush = new Ambush(family);
    return new Stage(family, ambush, await ClusterLab.create((nft) => ambush.wrap(nft)));
  }

  /** Makes these the endpoints. `acts` are done before its next transactions. Returns what its sync did. */
  async program(members: readonly Member[], ...acts: (() => Promise<void>)[]) {
    this.ambush.acts.push(...acts);
    const reports = await this.world.program(sticky(members));
    return reports[FAMILIES.indexOf(this.#family)];
  }

  /** Returns who answers the client. */
  async answer(connections: number): Promise<Member> {
    const to = VIP[this.#family];
    const options = { timeoutMs: 2_000 };
    const { client } = this.world.members;
    const names = servers(await client.connectMany(to, 80, connections, options));
    assert.ok(ALL.includes(names as Member), names);
    return names as Member;
  }

  /** Has the kernel forget the client. */
  async forget(): Promise<void> {
    const from = address("client", this.#family);
    for (const map of mapsOf(this.#family)) {
      await nftOf(this.world, this.#family, `delete element ${map}`, `{ ${from} }`);
    }
  }

  /** Has the client choose until it has an endpoint that `isRight`: one of three, at random. */
  async chooseAnew(isRight: (member: Member) => boolean): Promise<Member> {
    for (let attempt = 0; attempt < 100; attempt++) {
      await this.forget();
      const chosen = await this.answer(1);
      if (isRight(chosen)) return chosen;
    }
    throw new Error("The client never chose another endpoint");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
  }
}

function without(...members: readonly Member[]): readonly Member[] {
  return ALL.filter((member) => !members.includes(member));
}

for (const family of FAMILIES) {
  kernelTest(
    `A client that chooses anew while its endpoint goes costs no full sync (${family})`,
    async () => {
      await using stage = await Stage.create(family);
      await stage.program(ALL);
      const first = await stage.answer(1);
      let second: Member | undefined;
      const report = await stage.program(without(first), async () => {
        second = await stage.chooseAnew((member) => member !== first);
      });
      assert.equal(report?.mode, "partial");
      assert.equal(report?.fallback, undefined);
      assert.equal(await stage.answer(CONNECTIONS), second);
    },
  );

  kernelTest(
    `A client that is forgotten while its endpoint goes costs nothing (${family})`,
    async () => {
      await using stage = await Stage.create(family);
      await stage.program(ALL);
      const first = await stage.answer(1);
      const before = stage.ambush.applied;
      const report = await stage.program(without(first), () => stage.forget());
      assert.equal(report?.mode, "partial");
      assert.equal(stage.ambush.applied - before, 1, "no second attempt");
      assert.notEqual(await stage.answer(CONNECTIONS), first);
    },
  );

  kernelTest(
    `A client that chooses an endpoint in its last moment loses it after all (${family})`,
    async () => {
      await using stage = await Stage.create(family);
      await stage.program(ALL);
      const first = await stage.answer(1);
      await stage.forget();
      await stage.program(without(first), async () => {
        await stage.answer(1);
        await stage.chooseAnew((member) => member === first);
      });
      assert.notEqual(await stage.answer(CONNECTIONS), first);
    },
  );

  kernelTest(
    `Where the difference is refused twice, all of it is written (${family})`,
    async () => {
      await using stage = await Stage.create(family);
      await stage.program(ALL);
      const first = await stage.answer(1);
      const [second, last] = without(first) as [Member, Member];
      const report = await stage.program(
        [last],
        async () => void await stage.chooseAnew((member) => member === second),
        async () => void await stage.chooseAnew((member) => member === first),
      );
      assert.equal(report?.mode, "full");
      assert.match(String(report?.fallback), /File exists/);
      assert.equal(await stage.answer(CONNECTIONS), last);
    },
  );
}
