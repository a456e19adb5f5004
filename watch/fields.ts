import { NOTHING } from "./pool.ts";

/** An API object that cannot be used, and why. */
export class ObjectError extends Error {
  override readonly name = "ObjectError";
}

/** Who a field belongs to, and the way to it. Turned into text only when something is wrong. */
interface Place {
  readonly parent: Place | undefined;
  /** A field name, an index, or, for the object itself, its kind and key. */
  readonly step: string | number;
}

type Key<T> = keyof T & string;
type Item<T> = NonNullable<T> extends readonly (infer E)[] ? E : never;

/**
 * Reads the fields of an untrusted object by the names that its API type `T` declares.
 *
 * Every method takes null for absent, returns the default for an absent field, and throws `ObjectError` for a value
 * of another type than it promises.
 */
export class Fields<T> {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #place: Place;

  private constructor(value: Readonly<Record<string, unknown>>, place: Place) {
    this.#value = value;
    this.#place = place;
  }

  /** Starts to read `raw`. `title` names the object in errors, e.g. `Service "default/web"`. */
  static of<T>(raw: unknown, title: string): Fields<T> {
    const place = { parent: undefined, step: title };
    if (isRecord(raw)) return new Fields(raw, place);
    throw new ObjectError(
      `Cannot use ${title}: it must be an object: current value is ${show(raw)}`,
    );
  }

  /** A text. */
  text(key: Key<T>, fallback = ""): string {
    const value = this.#value[key] ?? fallback;
    return typeof value === "string" ? value : this.refuse(key, "a string");
  }

  /** A text that must be there and must not be empty. */
  requiredText(key: Key<T>): string {
    const value = this.text(key);
    return value === "" ? this.refuse(key, "a string that is not empty") : value;
  }

  /** A yes or no. */
  flag(key: Key<T>, fallback: boolean): boolean {
    const value = this.#value[key] ?? fallback;
    return typeof value === "boolean" ? value : this.refuse(key, "true or false");
  }

  /** A whole number from `least` to `most`, by default any `int32`; an absent field is 0, if that is in the range. */
  integer(key: Key<T>, least = -(2 ** 31), most = 2 ** 31 - 1): number {
    const value = this.#value[key] ?? 0;
    const fits = Number.isInteger(value) && least <= (value as number) && (value as number) <= most;
    return fits ? value as number : this.refuse(key, `a whole number from ${least} to ${most}`);
  }

  /** A list of texts: the one of the raw object itself, not a copy. */
  texts(key: Key<T>): readonly string[] {
    const value = this.#list(key);
    for (let index = 0; index < value.length; index++) {
      if (typeof value[index] !== "string") {
        this.refuse(`${key}[${index}]`, "a string", value[index]);
      }
    }
    return value as string[];
  }

  /** The fields of an object in this one; an absent one has no fields. */
  object<K extends Key<T>>(key: K): Fields<NonNullable<T[K]>> {
    const value = this.#value[key] ?? {};
    if (!isRecord(value)) return this.refuse(key, "an object");
    return new Fields(value, { parent: this.#place, step: key });
  }

  /** The fields of each object in a list. */
  objects<K extends Key<T>>(key: K): Fields<Item<T[K]>>[] {
    const place = { parent: this.#place, step: key };
    return this.#list(key).map((item, index) => {
      if (!isRecord(item)) return this.refuse(`${key}[${index}]`, "an object", item);
      return new Fields<Item<T[K]>>(item, { parent: place, step: index });
    });
  }

  /** The entry of a map such as `metadata.labels`; "" when there is none. */
  entry(key: Key<T>, name: string): string {
    return this.object(key).text(name as never);
  }

  /** A copy of a map of strings. */
  entries(key: Key<T>): Record<string, string> {
    const map = this.object(key);
    const copy: Record<string, string> = {};
    for (const name of Object.keys(map.#value)) copy[name] = map.text(name as never);
    return copy;
  }

  /** Tells whether the field is there at all. */
  has(key: Key<T>): boolean {
    return (this.#value[key] ?? undefined) !== undefined;
  }

  /** A text that no message ever shows. */
  secret(key: Key<T>): string {
    const value = this.#value[key] ?? "";
    return typeof value === "string" ? value : this.refuse(key, "a string", "(hidden)");
  }

  /** Throws the `ObjectError` that says what `key`, which may go on as in `names[2]`, has to be. */
  refuse(key: string, wanted: string, value: unknown = this.#value[key]): never {
    const { title, path } = describe({ parent: this.#place, step: key });
    throw refusal(title, path, wanted, value);
  }

  #list(key: string): readonly unknown[] {
    const value = this.#value[key] ?? NOTHING;
    return Array.isArray(value) ? value : this.refuse(key, "a list");
  }
}

/** Makes the error for a field of the object `title` that is not what it has to be. */
export function refusal(title: string, path: string, wanted: string, value: unknown): ObjectError {
  return new ObjectError(
    `Cannot use ${title}: '${path}' must be ${wanted}: current value is ${show(value)}`,
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(place: Place): { title: string; path: string } {
  let path = "";
  let at = place;
  for (; at.parent !== undefined; at = at.parent) {
    const step = typeof at.step === "number" ? `[${at.step}]` : at.step;
    path = path === "" || path.startsWith("[") ? step + path : `${step}.${path}`;
  }
  return { title: String(at.step), path };
}

/** Shows a value in at most 80 characters, always in quotes. */
function show(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
  return `"${text.length > 80 ? `${text.slice(0, 77)}...` : text}"`;
}
