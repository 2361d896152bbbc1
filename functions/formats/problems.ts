import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';

z.config(en());

/** The part of zod's error that is used. */
type Faults = Pick<z.core.$ZodError, 'issues'>;

/** Every fault of an input, each with the path of the field. */
export function problemsOf(error: Faults): readonly string[] {
  return error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
}

/** A message of the queue may have a fault in each of 100,000 elements, and the log has one line for all of them. */
const MAX_TOLD = 20;

/** The first faults of a message as one text, and how many there are besides. */
export function firstProblems(error: Faults): string {
  const { length } = error.issues;
  const first = problemsOf(error).slice(0, MAX_TOLD).join('; ');
  return length > MAX_TOLD ? `${first}; and ${length - MAX_TOLD} more` : first;
}

/**
 * As z.safeParse. If the schema itself fails, as it does when the stack is too small for a fault in each element, the
 * value counts as one fault.
 */
export function checkedBy<T extends z.core.$ZodType>(schema: T, value: unknown): Checked<T> {
  try {
    return z.safeParse(schema, value);
  } catch {
    // Not an error of zod's own class: to name the class would put all of zod's languages into the bundles.
    return { success: false, error: { issues: [{ code: 'custom', path: [], message: TOO_MANY }] } };
  }
}

const TOO_MANY = 'it has too many faults to name them';

type Checked<T extends z.core.$ZodType> =
  | { readonly success: true; readonly data: z.output<T>; readonly error?: undefined }
  | { readonly success: false; readonly data?: undefined; readonly error: Faults };
