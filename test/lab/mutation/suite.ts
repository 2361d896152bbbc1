/** A test of the suite. It fails if it throws. */
export type Case = {
  readonly title: string;
  /** The groups that contain the test, the innermost last. */
  readonly groups: readonly string[];
  readonly run: () => unknown;
};

/** Is called with the group that is being collected, or with undefined outside of a group. */
export type Enter = (group: string | undefined) => void;

type Body = (...given: readonly unknown[]) => unknown;

/** The part of the API of vitest that the tests of the core use. It collects the tests and does not run them. */
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
