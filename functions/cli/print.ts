import type { Screen } from './screen.ts';

/** The report of the service, for other programs. */
export function printJson(report: object, { print }: Screen): void {
  print(JSON.stringify(report, undefined, 2));
}

/** `cluster/service`, one a line. */
export function printNames(rows: readonly { readonly name: string }[], { print }: Screen): void {
  print(...rows.map(({ name }) => name));
}
