/** A test of the suite; it fails by throwing. */
export type Case = {
  readonly title: string;
  /** The groups that it is in, the innermost last. */
  readonly groups: readonly string[];
  readonly run: () => unknown;
};

/** Hears which group is being collected; undefined: none. */
export type Enter = (group: string | undefined) => void;

type Body = (...given: readonly unknown[]) => unknown;

/** As much of vitest's API as the tests of the core use: it collects the tests and runs none. */
export function collector(
  expect: unknown,
  enter: Enter,
): { readonly api: object; readonly cases: readonly Case[] } {
  const cases: Case[] = [];
  const groups: string[] = [];
  const describe = (title: string, body: () => void): void => {
    groups.push([...groups.slice(-1), title].join(' > '));
    enter(groups.at(-1));
    body();
    groups.pop();
    enter(groups.at(-1));
  };
  const test = (title: string, body: Body): void => {
    const whole = [...groups.slice(-1), title].join(' > ');
    cases.push({ title: whole, groups: [...groups], run: () => body() });
  };
  const each =
    (rows: readonly unknown[]) =>
    (title: string, body: Body): void => {
      const spread = rows.every((row) => Array.isArray(row));
      for (const row of rows) test(title, () => (spread && Array.isArray(row) ? body(...row) : body(row)));
    };
  return { api: { describe, test: Object.assign(test, { each }), expect }, cases };
}
