import type { Looked } from '../commands/watch.ts';
import type { ServiceKey } from '../core/model/arn.ts';
import type { Watched } from '../core/report/watched.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { type Row, stateOf } from './render/rollout.ts';

/** Everything that looks have shown so far; a service that ended stays as it was seen last. */
export class Rows {
  readonly #rows = new Map<ServiceKey, Row>();

  /** Answers the services whose state is another one than before. */
  add({ at, services }: Looked): readonly Row[] {
    const changed: Row[] = [];
    for (const [key, seen] of services) {
      const before = this.#rows.get(key);
      const seenAt = before?.seenAt ?? at;
      // When it ended is known only of what was seen while it went on.
      const endedAt = seen.end !== undefined && before !== undefined ? { endedAt: at } : {};
      const row = { ...sinceOf(before), ...seen, seenAt, ...endedAt };
      this.#rows.set(key, row);
      if (before === undefined || stateOf(before) !== stateOf(row)) changed.push(row);
    }
    return changed;
  }

  all(): readonly Row[] {
    return [...this.#rows.values()];
  }
}

/** What is known of its rollout although a rollback has taken its place. */
function sinceOf(before: Row | undefined): Partial<Pick<Row, 'startedAt' | 'deploymentId'>> {
  const { startedAt, deploymentId } = before ?? {};
  return {
    ...(startedAt !== undefined && { startedAt }),
    ...(deploymentId !== undefined && { deploymentId }),
  };
}

/** 4 if a rollout failed, 3 if something stays on the old value at which a person should look, or waits although nothing goes on. */
export function exitCodeOf(rows: readonly Pick<Watched, 'end' | 'alarms'>[]): ExitCode {
  if (rows.some(({ end }) => end === 'failed')) return EXIT.failed;
  return rows.some(({ end, alarms }) => end === undefined || alarms) ? EXIT.stale : EXIT.done;
}
