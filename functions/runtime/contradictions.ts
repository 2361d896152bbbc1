/** The settings that may contradict each other, as far as they can be read. */
type Settings = {
  readonly COOLDOWN_SECONDS?: number;
  readonly FOLLOW_UP_LIMIT_MINUTES?: number;
  readonly FOLLOW_UP_MAX_HOURS?: number;
  readonly READ_RATE?: number;
  readonly READ_BURST?: number;
  readonly TRUSTED_ACCOUNTS?: readonly string[];
  readonly TRUSTED_ORGANIZATION?: string | undefined;
  readonly TRUSTED_QUEUE_ARN?: string | undefined;
};

/** Settings that are valid each by itself, and together leave services on an old value. */
export function contradictions(data: Settings): readonly string[] {
  return [...cooldownProblem(data), ...limitProblem(data), ...readProblem(data), ...trustProblem(data)];
}

function cooldownProblem(data: Settings): readonly string[] {
  const { COOLDOWN_SECONDS: cooldown = 0, FOLLOW_UP_MAX_HOURS: hours = Infinity } = data;
  return cooldown <= hours * 3_600
    ? []
    : [
        `COOLDOWN_SECONDS: ${cooldown} is longer than FOLLOW_UP_MAX_HOURS, ${hours} hours or ${hours * 3_600} seconds: a service that waits for its cooldown would be given up before it may be redeployed; set COOLDOWN_SECONDS to ${hours * 3_600} at most, or FOLLOW_UP_MAX_HOURS to ${Math.ceil(cooldown / 3_600)} at least`,
      ];
}

function limitProblem(data: Settings): readonly string[] {
  const { FOLLOW_UP_LIMIT_MINUTES: limit = 0, FOLLOW_UP_MAX_HOURS: hours = Infinity } = data;
  return limit <= hours * 60
    ? []
    : [
        `FOLLOW_UP_LIMIT_MINUTES: ${limit} is longer than FOLLOW_UP_MAX_HOURS, ${hours} hours or ${hours * 60} minutes: no change would be followed that long; set FOLLOW_UP_LIMIT_MINUTES to ${hours * 60} at most, or FOLLOW_UP_MAX_HOURS to ${Math.ceil(limit / 60)} at least`,
      ];
}

/** A redeploy lists the services, describes them, and describes one again right before the write. */
const READS_FOR_A_REDEPLOY = 3;

/** How long on-change may read: its time limit without the reserve at its end (serverless.yml). */
const READING_SECONDS = 240;

function readProblem(data: Settings): readonly string[] {
  const { READ_RATE: perSecond = Infinity, READ_BURST: burst = Infinity } = data;
  return burst + perSecond * READING_SECONDS >= READS_FOR_A_REDEPLOY
    ? []
    : [
        `READ_RATE: ${perSecond} with READ_BURST ${burst} allows fewer than the ${READS_FOR_A_REDEPLOY} reads in ${READING_SECONDS} seconds that one redeploy takes, so none would ever be made; set READ_RATE to ${(READS_FOR_A_REDEPLOY - 1) / 100} at least, or READ_BURST to ${READS_FOR_A_REDEPLOY} at least`,
      ];
}

/** Trust and the queue on which it counts belong together: one of the two was forgotten. */
function trustProblem(data: Settings): readonly string[] {
  const {
    TRUSTED_ACCOUNTS: accounts = [],
    TRUSTED_ORGANIZATION: organization,
    TRUSTED_QUEUE_ARN: queue,
  } = data;
  const trustsAny = accounts.length > 0 || organization !== undefined;
  if (trustsAny === (queue !== undefined)) return [];
  return [
    trustsAny
      ? 'TRUSTED_QUEUE_ARN: must be set where TRUSTED_ACCOUNTS or TRUSTED_ORGANIZATION is: events of other accounts count on that queue alone'
      : 'TRUSTED_QUEUE_ARN: no account is trusted on it; set TRUSTED_ACCOUNTS or TRUSTED_ORGANIZATION, or leave it out',
  ];
}
