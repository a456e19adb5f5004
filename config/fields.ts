import { z } from "zod";
import { quote } from "./config_error.ts";
import { parseDuration } from "./duration.ts";

/**
 * The kinds of fields of Kubernetes' component configurations.
 *
 * As in Go, a default stands in for a field that is absent, null or zero; in a *pointer* field zero is a value.
 */

/** A string. */
export function text(byDefault = "") {
  return z.string(is("a string")).nullish().transform((value) => value || byDefault);
}

/** A boolean that is false by default. */
export function flag() {
  return z.boolean(is("a boolean")).nullish().transform((value) => value ?? false);
}

/** A pointer to a boolean. */
export function flagPointer(byDefault: boolean) {
  return z.boolean(is("a boolean")).nullish().transform((value) => value ?? byDefault);
}

/** A whole number of 32 bits. */
export function int32(byDefault: number) {
  return z.int32(is("a whole number")).nullish().transform((value) => value || byDefault);
}

/** A pointer to a whole number of 32 bits. */
export function int32Pointer(byDefault: number) {
  return z.int32(is("a whole number")).nullish().transform((value) => value ?? byDefault);
}

/** A whole number of 32 bits that is not negative; 0 by default. */
export function uint32() {
  return z.uint32(is("a whole number from 0")).nullish().transform((value) => value ?? 0);
}

/** A number. */
export function float(byDefault: number) {
  return z.number(is("a number")).nullish().transform((value) => value || byDefault);
}

/** A list of strings; a null in it is the empty string, as in Go. */
export function list() {
  const item = z.string(is("a string")).nullable().transform((value) => value ?? "");
  return z.array(item, is("a list")).nullish().transform((value): readonly string[] => value ?? []);
}

/** A duration in Go's syntax, as milliseconds. Null is refused, unlike in other kinds of fields. */
export function duration(byDefault: number) {
  return go().optional().transform((value) => value || byDefault);
}

/** A duration whose zero is a value; `undefined` where the default depends on something else. */
export function durationOrAbsent() {
  return go().optional();
}

/** A pointer to a duration. */
export function durationPointer(byDefault: number) {
  return go().nullish().transform((value) => value ?? byDefault);
}

/** A duration in Go's syntax or a whole number of nanoseconds, as milliseconds. */
export function durationOrNanoseconds(byDefault: number) {
  const nanoseconds = z.int().transform((value) => value / 1e6);
  return z.union([nanoseconds, go()], notADuration()).nullish()
    .transform((value) => value || byDefault);
}

/** A number of bytes such as `512`, `4Ki` or `1M`, kept as it is written. */
export function quantity() {
  const error = is("a quantity such as 512 or 4Ki");
  return z.union([z.string(), z.number()], error).transform(String)
    .refine((value) => QUANTITY.test(value), error)
    .nullish().transform((value) => value ?? "0");
}

/** Kubernetes' quantities: a decimal number with a binary suffix, a decimal suffix or an exponent. */
export const QUANTITY = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

/** A group of fields; absent and null are the same as empty, and unknown fields are issues of their own kind. */
export function section<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.preprocess((value) => value ?? {}, z.strictObject(shape, is("a group of fields")))
    .readonly();
}

/** The message of a value that is not what it has to be. */
export function is(kind: string) {
  return { error: wrong((value) => `${quote(value)} is not ${kind}`) };
}

function go() {
  return z.string(notADuration()).transform((value, context) => {
    const milliseconds = parseDuration(value);
    if (milliseconds !== undefined) return milliseconds;
    context.addIssue({ code: "custom", message: durationMessage(value), input: value });
    return z.NEVER;
  });
}

function notADuration() {
  return { error: wrong(durationMessage) };
}

function durationMessage(value: unknown): string {
  const bareNumber = /^-?\d+(?:\.\d+)?$/.test(String(value));
  return `${quote(value)} is not a duration, write e.g. "${bareNumber ? value : 30}s"`;
}

/** Unknown fields keep zod's own message: `parse.ts` makes a warning of them. */
function wrong(message: (value: unknown) => string) {
  return (issue: { readonly code?: string; readonly input?: unknown }): string | undefined =>
    issue.code === "unrecognized_keys" ? undefined : message(issue.input);
}
