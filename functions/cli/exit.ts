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
  /** SIGHUP: the terminal is gone. */
  hungUp: 129,
  /** SIGINT. */
  interrupted: 130,
  /** SIGTERM. */
  terminated: 143,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command line is understood, and cannot be carried out as it is. The message is one sentence. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage';
}

/** Ctrl-C, or another signal that ends a command. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly code: ExitCode;

  constructor(code: ExitCode = EXIT.interrupted) {
    super('interrupted');
    this.code = code;
  }
}

/** What the command says reaches none any more: the reader of the pipe has ended. */
export class Unread extends Error {
  override readonly name = 'Unread';
}

/** The installed service was asked, and failed. The message is one sentence. */
export class ServiceFailed extends Error {
  override readonly name = 'ServiceFailed';
}
