import { isEnd } from './judge-settling.ts';
import type { Run } from './run.ts';
import type { ServicePlan } from './scenario.ts';
import { isRemade, type Moved, mayBeOptedOutAt, maySecretBeOptedOut } from './truth.ts';
import { type Violation, violation } from './violation.ts';

/** Whether a change id is that of a change of this resource that a sweep found after an instant. */
export function isFoundBySweep(run: Run, changeId: string, arn: string, from: number): boolean {
  const sweep = /^invocation-(\d+):/.exec(changeId)?.[1];
  return sweep !== undefined && changeId.endsWith(`:${arn}`) && isSweepSince(run, Number(sweep), from);
}

export function isSweepSince({ invocations }: Run, invocation: number, from: number): boolean {
  const { of, startedAt = 0 } = invocations[invocation - 1] ?? {};
  return of === 'on-schedule' && startedAt >= from;
}

/** Whether a sweep passed over the service because it is opted out: a sweep writes no record about such a service. */
export function isPassedOver(run: Run, plan: ServicePlan, { arn, from }: Moved): boolean {
  return run.invocations.some(
    ({ of, startedAt, env }) =>
      of === 'on-schedule' &&
      startedAt >= from &&
      (mayBeOptedOutAt(run, plan, startedAt, env) || maySecretBeOptedOut(run, arn)),
  );
}

type Versions = {
  readonly Versions: readonly { readonly VersionStages?: readonly string[]; readonly CreatedDate: number }[];
};

/** Whether AWS keeps no date of a move, because the label moved to a version that existed before, or the secret is gone. */
export function isUndated(run: Run, { arn, label, from }: Moved): boolean {
  const { sim } = run;
  if (label === undefined) return false;
  if (isRemade(run, arn)) return true;
  const input = { SecretId: arn, IncludeDeprecated: true };
  const { Versions } = sim.act('secretsmanager', 'ListSecretVersionIds', input) as Versions;
  const holder = Versions.find(({ VersionStages }) => VersionStages?.includes(label));
  return holder !== undefined && Math.floor(holder.CreatedDate) * 1_000 < from;
}

/** The violations by changes that a sweep put on the queue and that did not settle. */
export function sweepProblems({ records, invocations }: Run): readonly Violation[] {
  const bySweeps = (invocation: number) => invocations[invocation - 1]?.of === 'on-schedule';
  const idsIn = (told: Run['records']) => told.flatMap(({ record: { changeId = '' } }) => changeId);
  const ended = new Set(idsIn(records.filter(({ record }) => isEnd(record))));
  const sent = idsIn(
    records.filter(({ record, invocation }) => record.event === 'change.received' && bySweeps(invocation)),
  );
  return sent
    .filter((id) => !ended.has(id))
    .map((id) => violation('settles', `the change ${id}, which a sweep found, did not settle`));
}
