import { EXIT, type ExitCode, Interrupted, Unread } from './exit.ts';

const SIGNALS = [
  ['SIGINT', EXIT.interrupted],
  ['SIGTERM', EXIT.terminated],
  ['SIGHUP', EXIT.hungUp],
] as const;

/** The reader of a pipe has ended, or the terminal is gone. */
const GONE: readonly unknown[] = ['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'];

/** What ends a command from outside: signals, and output that cannot be written any more. */
export class Ending {
  readonly controller = new AbortController();
  #goesOnUnread = false;
  #lost: ExitCode | undefined;

  /** The first signal ends the command in good order, a second one at once. */
  listen(out: NodeJS.WriteStream, err: NodeJS.WriteStream): void {
    // The listeners stay: a library that restores the cursor would otherwise end the process with the first signal.
    for (const [signal, code] of SIGNALS) process.on(signal, () => this.#interrupt(code));
    for (const stream of [out, err]) stream.on('error', (error) => this.#unwritten(error, err));
    process.on('exit', () => {
      if (this.#lost !== undefined) process.exitCode = this.#lost;
    });
  }

  /** From now on the command goes on to its end although its output is not read. */
  goOnUnread(): void {
    this.#goesOnUnread = true;
  }

  #interrupt(code: ExitCode): void {
    if (this.controller.signal.aborted) process.exit(code);
    this.controller.abort(new Interrupted(code));
  }

  #unwritten(error: Error & { readonly code?: unknown }, err: NodeJS.WriteStream): void {
    if (GONE.includes(error.code)) {
      if (!this.#goesOnUnread) this.controller.abort(new Unread());
      return;
    }
    if (this.#lost === undefined) err.write(`error: the output could not be written: ${error.message}\n`);
    this.#lost = EXIT.wrong;
  }
}
