import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Tally } from '../core/follow-up/follow-up.ts';
import type { Closed } from '../core/follow-up/look.ts';
import type { Transition } from '../core/follow-up/seen-rollout.ts';
import type { ExposureEnd, ShownRollout } from '../core/model/rollout.ts';
import { adviceIn, type Explained } from '../core/report/advice.ts';
import { regionOf } from '../core/report/restore.ts';
import { commandLine } from '../core/report/shell.ts';
import { idsOf, type RecordWriter, someOf } from './record.ts';

/** Writes what became of the deployments that a change follows, and how the change ended. */
export class FollowedRecords {
  readonly #writer: RecordWriter;

  constructor(writer: RecordWriter) {
    this.#writer = writer;
  }

  /** A service waits for a deployment that is in a state worth telling. Only failing tasks are a failure. */
  inState(
    decision: Transition,
    { state, since, approval, ...evidence }: ShownRollout,
    explained?: Explained,
  ): void {
    const { service, cluster, changeIds, wave, reason, after, tasks } = decision;
    const about = { ...idsOf(changeIds), service, cluster, wave };
    const told = { since, ...evidence, ...adviceIn(state), ...explained, after, tasks };
    if (state === 'draining') this.#writer.count('Draining');
    if (state === 'tasks-failing')
      this.#writer.record('error', 'service.failed', { ...about, reason: state, ...told });
    else
      this.#writer.record(state === 'cannot-place' ? 'warn' : 'info', 'service.waiting', {
        ...about,
        reason,
        state,
        ...told,
        ...(approval && { approval, approve: approveCommand(approval) }),
      });
  }

  /** New tasks of so many services have failed for so long, or so often, that a person should look. */
  tasksFailing(services: number): void {
    this.#writer.count('RolloutFailed', services);
  }

  /** No task of the service runs on the old value any more. */
  fresh(changeId: string, { service, cluster, after }: Closed): void {
    this.#writer.record('info', 'service.fresh', { changeId, service, cluster, after });
  }

  /** The service was deleted while it was followed. */
  gone(changeId: string, { service, cluster }: Closed): void {
    this.#writer.count('Skipped');
    this.#writer.record('info', 'service.skipped', { changeId, service, cluster, reason: 'gone' });
  }

  /** A deployment failed or was rolled back. `restore` is a command for an operator, and is never run. */
  rolloutFailed(changeId: string, { service, cluster, badEnd, after }: Closed, explained: Explained): void {
    this.#writer.count('RolloutFailed');
    const reason = badEnd ?? 'failed';
    this.#writer.record('error', 'service.failed', {
      changeId,
      service,
      cluster,
      reason,
      ...explained,
      after,
    });
  }

  /** `exposure`: how long old values lived, and what shows when the last one ended. */
  settled(
    changeId: string,
    tally: Tally,
    exposure: { readonly ms: number; readonly by: ExposureEnd['by'] } | undefined,
  ): void {
    const exposureSeconds = exposure && exposure.ms / 1000;
    this.#writer.measure('ExposureSeconds', MetricUnit.Seconds, exposureSeconds);
    this.#writer.record('info', 'change.settled', {
      changeId,
      ...tally,
      exposureSeconds,
      exposureBy: exposure?.by,
    });
  }

  /**
   * A time limit of the change is over, and services still wait. Unless it is `final` they are followed on: they wait for
   * what ends by itself.
   */
  unsettled(changeId: string, tally: Tally, waiting: readonly object[], how: 'final' | 'followed'): void {
    this.#writer.count('Unsettled');
    this.#writer.count('StaleServices', waiting.length);
    const final = how === 'final';
    const fields = { changeId, ...tally, final, ...someOf('waiting', waiting) };
    this.#writer.record('error', 'change.unsettled', fields);
  }
}

/** For a person: this software continues no deployment. */
function approveCommand({ serviceDeployment, hookId }: NonNullable<ShownRollout['approval']>): string {
  const call = ['aws', 'ecs', 'continue-service-deployment', ...regionOf(serviceDeployment)];
  return commandLine([...call, '--service-deployment-arn', serviceDeployment, '--hook-id', hookId]);
}
