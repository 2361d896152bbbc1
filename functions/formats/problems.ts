import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';

z.config(en());

/** Every fault of an input, each with the path of the field. */
export function problemsOf(error: z.core.$ZodError): readonly string[] {
  return error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
}
