/** What a shell is told (docs/cli.md). */
export const EXIT = {
  done: 0,
  /** Wrong usage, or an error of our own. */
  wrong: 1,
  /** AWS refused, or could not be reached. */
  aws: 2,
  /** `stale` found something. */
  stale: 3,
  /** A rollout failed. */
  failed: 4,
  timedOut: 5,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command line is understood, and cannot be carried out as it is. The message is one sentence. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage';
}

/** Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
