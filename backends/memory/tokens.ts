/** Text of nft's language that weir's own writers do not write, and that this reader has not been taught. */
export class UnknownSyntaxError extends Error {
  override readonly name = "UnknownSyntaxError";
}

/** Quoted strings, marks of punctuation, and words: weir puts blanks around `:` and `.`, which addresses contain. */
const TOKEN = /"[^"]*"|[{},;]|[^\s{},;"]+/g;

/** Reads a statement of nft's language token by token. */
export class Tokens {
  readonly #text: string;
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = text.match(TOKEN) ?? [];
  }

  /** Whether everything is read. */
  get done(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** Returns the next token without taking it; "" at the end. */
  peek(): string {
    return this.#tokens[this.#at] ?? "";
  }

  /** Returns all that is not taken yet. */
  rest(): string {
    return this.#tokens.slice(this.#at).join(" ");
  }

  /** Takes the next token. Throws {@linkcode UnknownSyntaxError} at the end. */
  next(): string {
    const token = this.#tokens[this.#at++];
    return token ?? this.unknown("ends too early");
  }

  /** Takes `words`, separated by blanks, if they are next, and tells whether they were. */
  take(words: string): boolean {
    const parts = words.split(" ");
    if (parts.some((word, index) => this.#tokens[this.#at + index] !== word)) return false;
    this.#at += parts.length;
    return true;
  }

  /** Takes `words`. Throws {@linkcode UnknownSyntaxError} if something else is next. */
  expect(words: string): void {
    if (!this.take(words)) this.unknown(`has "${this.peek()}" where "${words}" is known`);
  }

  /** Takes the longest of `choices` that is next; undefined if none is. */
  takeOneOf(choices: Iterable<string>): string | undefined {
    const start = this.#at;
    let found: string | undefined;
    for (const words of choices) {
      if (words.length > (found?.length ?? 0) && this.take(words)) found = words;
      this.#at = start;
    }
    if (found !== undefined) this.take(found);
    return found;
  }

  /** Takes `@NAME` if it is next and returns the name. */
  takeReference(): string | undefined {
    return this.peek().startsWith("@") ? this.next().slice(1) : undefined;
  }

  /** Takes `@NAME` and returns the name. Throws {@linkcode UnknownSyntaxError} if something else is next. */
  reference(): string {
    return this.takeReference() ?? this.unknown(`has "${this.peek()}" where "@name" is known`);
  }

  /** Takes an unsigned number, decimal or hexadecimal. Throws {@linkcode UnknownSyntaxError} if it is none. */
  number(): number {
    const token = this.next();
    if (!/^(\d+|0x[\da-f]+)$/.test(token)) this.unknown(`has "${token}" where a number is known`);
    return Number(token);
  }

  /** Throws an {@linkcode UnknownSyntaxError} that shows the text. */
  unknown(problem: string): never {
    const shown = this.#text.length > 200 ? `${this.#text.slice(0, 200)}…` : this.#text;
    throw new UnknownSyntaxError(
      `Cannot read "${shown}": it ${problem}, teach it to backends/memory`,
    );
  }
}
