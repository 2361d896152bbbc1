/** A number of the command line; otherwise throws an error that names the flag and shows the usage. */
export function wholeNumber(flag: string, text: string, usage: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`${flag}: expected a whole number above 0, found ${text}\n${usage}`);
  return value;
}
