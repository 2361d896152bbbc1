import type { ClusterArn } from '../../core/model/arn.ts';
import type { Fleet } from '../../core/model/fleet.ts';
import { NOTHING_SEEN, type Snapshot, withRead } from '../../core/read/snapshot.ts';
import { parseSnapshot, snapshotBytes } from '../../formats/snapshot.ts';
import type { Snapshots } from '../../ports.ts';
import type { StepContext } from '../context.ts';

type Stored = { readonly snapshot: Snapshot; readonly version: string | undefined };

/**
 * Fetches the snapshot when it is needed and renews it after a read. An error with it costs only time: it is logged,
 * and the fleet is read without the snapshot.
 */
export class SnapshotStore {
  readonly #snapshots: Snapshots | undefined;
  #stored: Promise<Stored> | undefined;
  #renew: ((before: Snapshot) => Snapshot) | undefined;

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

  /**
   * Forgets the reads that were noted and not saved. Called after every invocation: a question or a failure saves
   * nothing, and without this each of them would add a whole fleet to what a warm process keeps.
   */
  discard(): void {
    this.#renew = undefined;
  }

  /** Writes the noted reads if they change the snapshot. If another process was faster, its snapshot is as good. */
  async save(run: StepContext): Promise<void> {
    const [renew, snapshots] = [this.#renew, this.#snapshots];
    this.#renew = undefined;
    if (renew === undefined || snapshots === undefined) return;
    const before = await this.#load(run);
    const snapshot = renew(before.snapshot);
    try {
      const bytes = snapshotBytes(snapshot);
      if (before.version !== undefined && Buffer.compare(bytes, snapshotBytes(before.snapshot)) === 0) return;
      const version = await snapshots.put(bytes, before.version);
      this.#stored = version === undefined ? undefined : Promise.resolve({ snapshot, version });
    } catch (error) {
      this.#stored = undefined;
      run.journal.error('cannot write the snapshot of the fleet; changes are handled without it', error);
    }
  }

  #load(run: StepContext): Promise<Stored> {
    this.#stored ??= this.#fetch(run);
    return this.#stored;
  }

  async #fetch({ journal, reading }: StepContext): Promise<Stored> {
    let version: string | undefined;
    try {
      const found = await this.#snapshots?.get(reading);
      if (found === undefined) return { snapshot: NOTHING_SEEN, version };
      version = found.version;
      return { snapshot: parseSnapshot(found.bytes), version };
    } catch (error) {
      journal.error('cannot read the snapshot of the fleet; changes are handled without it', error);
      return { snapshot: NOTHING_SEEN, version };
    }
  }
}
