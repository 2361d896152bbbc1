import { isEnd } from './judge-settling.ts';
import type { Run } from './run.ts';
import type { ServicePlan } from './scenario.ts';
import { isSecretOptedOut, type Moved, mayBeOptedOutAt } from './truth.ts';
import { type Violation, violation } from './violation.ts';

/** Whether a change id is that of a change of this resource that a sweep found. Sweeps run after all changes. */
export function isFoundBySweep(changeId: string, arn: string): boolean {
  return /^invocation-\d+:/.test(changeId) && changeId.endsWith(`:${arn}`);
}

/** Whether a sweep passed over the service because it is opted out: a sweep writes no record about such a service. */
export function isPassedOver(run: Run, plan: ServicePlan, { arn }: Moved): boolean {
  return run.invocations.some(
    ({ of, startedAt, env }) =>
      of === 'on-schedule' && (mayBeOptedOutAt(run, plan, startedAt, env) || isSecretOptedOut(run, arn)),
  );
}

type Versions = {
  readonly Versions: readonly { readonly VersionStages?: readonly string[]; readonly CreatedDate: number }[];
};

/** Whether AWS keeps no date of a move, because the label moved to a version that existed before. */
export function isUndated({ sim }: Run, { arn, label, from }: Moved): boolean {
  if (label === undefined) return false;
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
