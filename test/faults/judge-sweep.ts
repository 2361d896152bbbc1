import type { Run } from './run.ts';
import type { ServicePlan } from './scenario.ts';
import { isSecretOptedOut, type Moved, mayBeOptedOutAt } from './truth.ts';
import { type Violation, violation } from './violation.ts';

/** The change of a resource that a sweep found; every sweep comes after every change. */
export function isFoundBySweep(changeId: string, arn: string): boolean {
  return /^invocation-\d+:/.test(changeId) && changeId.endsWith(`:${arn}`);
}

/** Of whoever is opted out a sweep says nothing, hour after hour. */
export function isPassedOver(run: Run, plan: ServicePlan, { arn }: Moved): boolean {
  return run.invocations.some(
    ({ of, startedAt }) =>
      of === 'on-schedule' && (mayBeOptedOutAt(run, plan, startedAt) || isSecretOptedOut(run, arn)),
  );
}

type Versions = {
  readonly Versions: readonly { readonly VersionStages?: readonly string[]; readonly CreatedDate: number }[];
};

/** AWS keeps no date of it: the label went to a version that had been there before. */
export function isUndated({ sim }: Run, { arn, label, from }: Moved): boolean {
  if (label === undefined) return false;
  const input = { SecretId: arn, IncludeDeprecated: true };
  const { Versions } = sim.act('secretsmanager', 'ListSecretVersionIds', input) as Versions;
  const holder = Versions.find(({ VersionStages }) => VersionStages?.includes(label));
  return holder !== undefined && Math.floor(holder.CreatedDate) * 1_000 < from;
}

const ENDS: readonly unknown[] = ['change.settled', 'change.unsettled'];

/** What a sweep puts on the queue is followed to its end there. */
export function sweepProblems({ records, invocations }: Run): readonly Violation[] {
  const bySweeps = (invocation: number) => invocations[invocation - 1]?.of === 'on-schedule';
  const idsIn = (told: Run['records']) => told.flatMap(({ record: { changeId = '' } }) => changeId);
  const ended = new Set(idsIn(records.filter(({ record }) => ENDS.includes(record.event))));
  const sent = idsIn(
    records.filter(({ record, invocation }) => record.event === 'change.received' && bySweeps(invocation)),
  );
  return sent
    .filter((id) => !ended.has(id))
    .map((id) => violation('settles', `${id}, which a sweep found, came to no end`));
}
