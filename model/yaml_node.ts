import { type Event, EVENT_ID, SCALAR_STYLE } from "js-yaml";

/** A document as its parser leaves it. */
export interface YamlContent {
  /** One document: its start, its content, its end. */
  readonly events: readonly Event[];
  /** Makes data of the events of a document. */
  readonly construct: (events: Event[]) => unknown;
  /** Returns the line of an offset that events name. */
  readonly lineOf: (offset: number) => number;
}

/** A key of a mapping. */
export interface YamlEntry {
  /** The name that it has in the data. */
  readonly name: string;
  readonly key: YamlNode;
  readonly value: YamlNode;
}

/** A part of a document, which knows where it stands. Aliases are not followed. */
export class YamlNode {
  readonly #content: YamlContent;
  readonly #index: number;

  /** `index` is that of the event which begins the node: without it, the node is all that the document holds. */
  constructor(content: YamlContent, index = 1) {
    this.#content = content;
    this.#index = index;
  }

  /** The line on which the node starts, from 1; undefined where there is nothing, as behind `key:`. */
  get line(): number | undefined {
    const offset = offsetOf(this.#event);
    return offset < 0 ? undefined : this.#content.lineOf(offset);
  }

  /** The items of a sequence; none when the node is something else. */
  get items(): readonly YamlNode[] {
    return this.#event?.type === EVENT_ID.SEQUENCE ? this.#children() : [];
  }

  /** The keys of a mapping in the order of the text, with those that stand twice; none when the node is something else. */
  get entries(): readonly YamlEntry[] {
    if (this.#event?.type !== EVENT_ID.MAPPING) return [];
    const children = this.#children();
    return children.flatMap((key, index) => {
      const value = children[index + 1];
      return index % 2 === 0 && value !== undefined ? [{ name: key.#name(), key, value }] : [];
    });
  }

  get #event(): Event | undefined {
    return this.#content.events[this.#index];
  }

  #children(): YamlNode[] {
    const { events } = this.#content;
    const children: YamlNode[] = [];
    let depth = 0;
    for (let index = this.#index + 1; depth >= 0; index++) {
      const type = events[index]?.type ?? EVENT_ID.POP;
      if (type !== EVENT_ID.POP && depth === 0) children.push(new YamlNode(this.#content, index));
      depth += type === EVENT_ID.POP ? -1 : isOpening(type) ? 1 : 0;
    }
    return children;
  }

  /** Returns the text of the key that this is: `yes` is `true` where it is a boolean. */
  #name(): string {
    const { events, construct } = this.#content;
    const [start, end] = [events[0], events.at(-1)];
    const event = this.#event;
    return event?.type === EVENT_ID.SCALAR && start && end
      ? String(construct([start, event, end]))
      : "";
  }
}

function isOpening(type: Event["type"]): boolean {
  return type === EVENT_ID.SEQUENCE || type === EVENT_ID.MAPPING;
}

/** Returns where a node starts, behind its tag and anchor where there is something behind them; -1 for nothing. */
function offsetOf(event: Event | undefined): number {
  switch (event?.type) {
    case EVENT_ID.SEQUENCE:
    case EVENT_ID.MAPPING:
      return event.start;
    case EVENT_ID.ALIAS:
      return event.anchorStart;
    case EVENT_ID.SCALAR:
      if (event.valueStart < 0) return Math.max(event.tagStart, event.anchorStart);
      return isBlock(event.style) ? event.valueStart - 1 : event.valueStart;
    default:
      return -1;
  }
}

/** Tells whether the value begins on the line after that of its `|` or `>`. */
function isBlock(style: number): boolean {
  return style === SCALAR_STYLE.LITERAL_BLOCK || style === SCALAR_STYLE.FOLDED_BLOCK;
}
