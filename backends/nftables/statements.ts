import type { Family } from "../../model/family.ts";
import type { Element } from "./objects.ts";
import { nftFamily, TABLE } from "./names.ts";
import type { Part, PartKey } from "./parts.ts";
import type { Chain, Declaration } from "./objects.ts";

/** Elements of one statement; larger ones cost nft memory, smaller ones cost it time. */
const ELEMENTS_PER_STATEMENT = 10_000;

/** Writes nft statements about a table of one family, weir's unless it is named; each is a line, or for elements a few. */
export class Statements {
  readonly #table: string;

  constructor(family: Family, table: string = TABLE) {
    this.#table = `${nftFamily(family)} ${table}`;
  }

  addTable(): string {
    return `add table ${this.#table}\n`;
  }

  deleteTable(): string {
    return `delete table ${this.#table}\n`;
  }

  /** Deletes the table, and does nothing when it is not there. */
  withoutTable(): string {
    return this.addTable() + this.deleteTable();
  }

  declare({ what, name, body }: Declaration): string {
    return `add ${what} ${this.#table} ${name} { ${body} ; }\n`;
  }

  flush({ what, name }: Declaration): string {
    return `flush ${what} ${this.#table} ${name}\n`;
  }

  addChain({ name, hook }: Chain): string {
    return `add chain ${this.#table} ${name}${hook === undefined ? "" : ` { ${hook} ; }`}\n`;
  }

  flushChain({ name }: Chain): string {
    return `flush chain ${this.#table} ${name}\n`;
  }

  /** Makes a part of the schema that comes and goes. */
  addPart(part: Part): string {
    return "map" in part
      ? this.declare(part.map)
      : this.addChain(part.chain) + this.addRules(part.chain);
  }

  deletePart(key: PartKey): string {
    const [what, name] = key.split(" ");
    return `delete ${what} ${this.#table} ${name}\n`;
  }

  addRules({ name, rules }: Chain): string {
    return rules.map((rule) => `add rule ${this.#table} ${name} ${rule}\n`).join("");
  }

  /** Writes the elements of all maps, each map's in statements of bounded size. */
  addElements(elements: Iterable<Element>): Iterable<string> {
    return this.#elements("add", elements, ({ key, rest }) => key + rest);
  }

  /** Writes the deletion of elements; nft needs only their keys. */
  deleteElements(elements: Iterable<Element>): Iterable<string> {
    return this.#elements("delete", elements, ({ key }) => key);
  }

  *#elements(
    verb: string,
    elements: Iterable<Element>,
    write: (element: Element) => string,
  ): Iterable<string> {
    const waiting = new Map<string, string[]>();
    const statement = (map: string, texts: readonly string[]) =>
      `${verb} element ${this.#table} ${map} { ${texts.join(",\n ")} }\n`;
    for (const element of elements) {
      const texts = waiting.get(element.map);
      if (texts === undefined) waiting.set(element.map, [write(element)]);
      else if (texts.push(write(element)) >= ELEMENTS_PER_STATEMENT) {
        yield statement(element.map, texts);
        waiting.delete(element.map);
      }
    }
    for (const [map, texts] of waiting) yield statement(map, texts);
  }
}

/** Returns the characters of a script. */
export function sizeOf(script: readonly string[]): number {
  return script.reduce((sum, chunk) => sum + chunk.length, 0);
}
