import type { ClusterArn } from '../../core/model/arn.ts';
import type { Change } from '../../core/model/change.ts';
import type { Fleet } from '../../core/model/fleet.ts';
import { type Heard, withHeard } from '../../core/read/heard.ts';
import { NOTHING_SEEN, type Snapshot, withRead } from '../../core/read/snapshot.ts';
import { parseSnapshot, snapshotBytes } from '../../formats/snapshot.ts';
import type { Snapshots } from '../../ports.ts';
import type { StepContext } from '../context.ts';

type Renew = (before: Snapshot) => Snapshot;
type Logging = Pick<StepContext, 'reading'> & { readonly journal: Pick<StepContext['journal'], 'error'> };

/** How often what was heard is written if other processes write at the same time. */
const TRIES = 4;

/** `isUnread`: there may be a snapshot, and it could not be read. */
type Stored = {
  readonly snapshot: Snapshot;
  readonly version: string | undefined;
  readonly isUnread?: true;
};

/**
 * Fetches the snapshot when it is needed and renews it after a read. An error with it costs only time: it is logged,
 * and the fleet is read without the snapshot.
 */
export class SnapshotStore {
  readonly #snapshots: Snapshots | undefined;
  #stored: Promise<Stored> | undefined;
  #renew: Renew | undefined;
  #heardAny = false;

  constructor(snapshots: Snapshots | undefined) {
    this.#snapshots = snapshots;
  }

  /** Fetches the snapshot once and keeps it, so that an early call costs nothing. */
  async load(run: StepContext): Promise<Snapshot> {
    return (await this.#load(run)).snapshot;
  }

  /** Notes a read for the next `save`: the clusters for which `isRead` holds have just been read completely. */
  stage(fleet: Fleet, isRead: (cluster: ClusterArn) => boolean): void {
    const earlier = this.#renew;
    this.#renew = (before) => withRead(earlier?.(before) ?? before, fleet, isRead);
  }

  /** Notes for the next `save` what events told of secrets that AWS may not describe here. */
  hear(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    const earlier = this.#renew;
    this.#heardAny = true;
    this.#renew = (stored) => {
      const before = earlier?.(stored) ?? stored;
      return { ...before, heard: withHeard(before.heard ?? [], changes) };
    };
  }

  /** What was heard by now, by any process; undefined: that could not be read. */
  async heard(run: Logging): Promise<readonly Heard[] | undefined> {
    this.#stored = undefined;
    const { snapshot, isUnread } = await this.#load(run);
    return isUnread ? undefined : (snapshot.heard ?? []);
  }

  /**
   * Forgets the reads that were noted and not saved. Called after every invocation: a question or a failure saves
   * nothing, and without this each of them would add a whole fleet to what a warm process keeps.
   */
  discard(): void {
    this.#renew = undefined;
    this.#heardAny = false;
  }

  /**
   * Writes what was noted if it changes the snapshot. If another process was faster, what it read is as good, but it has not
   * heard the same.
   */
  async save(run: StepContext): Promise<void> {
    const [renew, snapshots] = [this.#renew, this.#snapshots];
    let tries = this.#heardAny ? TRIES : 1;
    this.discard();
    if (renew === undefined || snapshots === undefined) return;
    while (tries > 0 && !(await this.#write(renew, snapshots, run))) tries--;
  }

  /** Answers whether there is nothing left to write; false if another process was faster. */
  async #write(renew: Renew, snapshots: Snapshots, run: StepContext): Promise<boolean> {
    const before = await this.#load(run);
    const snapshot = renew(before.snapshot);
    try {
      const bytes = snapshotBytes(snapshot);
      if (before.version !== undefined && Buffer.compare(bytes, snapshotBytes(before.snapshot)) === 0)
        return true;
      const version = await snapshots.put(bytes, before.version);
      this.#stored = version === undefined ? undefined : Promise.resolve({ snapshot, version });
      return version !== undefined;
    } catch (error) {
      this.#stored = undefined;
      run.journal.error('cannot write the snapshot of the fleet; changes are handled without it', error);
      return true;
    }
  }

  #load(run: Logging): Promise<Stored> {
    this.#stored ??= this.#fetch(run);
    return this.#stored;
  }

  async #fetch({ journal, reading }: Logging): Promise<Stored> {
    let version: string | undefined;
    try {
      const found = await this.#snapshots?.get(reading);
      if (found === undefined) return { snapshot: NOTHING_SEEN, version };
      version = found.version;
      return { snapshot: parseSnapshot(found.bytes), version };
    } catch (error) {
      journal.error('cannot read the snapshot of the fleet; changes are handled without it', error);
      return { snapshot: NOTHING_SEEN, version, isUnread: true };
    }
  }
}
