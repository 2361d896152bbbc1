import { setTimeout as sleep } from 'node:timers/promises';
import type { Point } from '../../infra/observability/written.ts';
import { findLostEvent } from './lost-event.ts';
import { openStage, type Stage } from './stage.ts';
import { askAgain, makeChanges, settled } from './story.ts';

/** What one run of the demo leaves in CloudWatch: the log of the functions, and AWS's queue and function metrics. */
export type Played = {
  readonly lines: readonly string[];
  readonly points: readonly Point[];
  readonly from: number;
  readonly to: number;
};

const PATIENCE_MS = 25_000;
const SAMPLE_MS = 250;

/** Plays the demo without its screen, then a sequel with failures. Throws if one of them does not end in time. */
export async function playDemo(): Promise<Played> {
  const lines: string[] = [];
  const points: Point[] = [];
  const from = Date.now();
  const stage = await openStage(
    () => {},
    (line, functionName) => {
      lines.push(line);
      points.push(...invocationIn(line, functionName));
    },
  );
  const sampling = setInterval(() => points.push(...queuePoints(stage)), SAMPLE_MS);
  try {
    await makeChanges(stage, () => {});
    if (!(await settled(stage, from + PATIENCE_MS)))
      throw new Error(`the demo did not settle within ${PATIENCE_MS / 1000} s`);
    await askAgain(stage);
    await goWrong(stage);
    await findLostEvent(stage);
    // The output of a function arrives a little later than its answer.
    await sleep(SAMPLE_MS);
    return { lines, points, from, to: Date.now() };
  } finally {
    clearInterval(sampling);
    await stage.close();
  }
}

/** Changes a secret of which all services get the new value, and one whose new value is bad; deletes a parameter. */
async function goWrong(stage: Stage): Promise<void> {
  const { world } = stage.sim;
  const good = world.secret({ name: 'prod/cache' });
  const bad = world.secret({ name: 'prod/mail' });
  const key = world.parameter({ name: '/prod/licence' });
  const use = (name: string, arn: string, more: Parameters<typeof world.service>[0] = {}) =>
    world.service({ cluster: 'shop', name, secrets: [arn], startedAt: Date.now() - DAY_MS, ...more });
  use('sessions', good.arn);
  use('baskets', good.arn);
  use('newsletter', bad.arn, { rollout: ROLLS_BACK });
  use('exports', key.arn);
  stage.sim.rotateSecret('prod/cache');
  stage.sim.rotateSecret('prod/mail');
  stage.sim.act('ssm', 'DeleteParameter', { Name: '/prod/licence' });
  const end = Date.now() + PATIENCE_MS;
  while (stage.messagesLeft() > 0) {
    if (Date.now() > end) throw new Error(`the sequel did not settle within ${PATIENCE_MS / 1000} s`);
    await sleep(SAMPLE_MS);
  }
}

const DAY_MS = 86_400_000;
const ROLLS_BACK = {
  outcome: 'rollback-new-primary',
  durationMs: 1500,
  reason: 'ResourceInitializationError: unable to pull secrets or registry auth',
} as const;

const LOGICAL_IDS: Readonly<Record<string, string>> = {
  'on-change': 'OnDashchangeLambdaFunction',
  'on-request': 'OnDashrequestLambdaFunction',
  'on-schedule': 'OnDashscheduleLambdaFunction',
};

function invocationIn(line: string, functionName: string): readonly Point[] {
  const ms = /^REPORT .*Duration: (\d+) ms/.exec(line)?.[1];
  if (ms === undefined) return [];
  const dimensions = { FunctionName: LOGICAL_IDS[functionName] ?? functionName };
  const point = { namespace: 'AWS/Lambda', dimensions, at: Date.now() };
  return [
    { ...point, name: 'Invocations', values: [1] },
    { ...point, name: 'Duration', values: [Number(ms)] },
  ];
}

const QUEUES: Readonly<Record<string, string>> = {
  changes: 'ChangeQueue',
  cloudtrail: 'CloudTrailQueue',
  'changes-dead': 'ChangeDeadLetterQueue',
};

/** As SQS counts: messages that can be received now, messages that are still delayed, and the age of the oldest. */
function queuePoints({ sim }: Stage): readonly Point[] {
  const at = Date.now();
  return Object.entries(QUEUES).flatMap(([name, id]) => {
    const messages = sim.messagesIn(`${sim.endpoint}/${sim.account}/${name}`);
    const point = (metric: string, value: number): Point => ({
      namespace: 'AWS/SQS',
      name: metric,
      dimensions: { QueueName: `${id}.QueueName` },
      at,
      values: [value],
    });
    const visible = messages.filter(({ visibleAt }) => visibleAt <= at).length;
    const delayed = messages.filter(
      ({ visibleAt, receiveCount }) => visibleAt > at && receiveCount === 0,
    ).length;
    const oldest = Math.min(at, ...messages.map(({ sentAt }) => sentAt));
    return [
      point('ApproximateNumberOfMessagesVisible', visible),
      point('ApproximateNumberOfMessagesDelayed', delayed),
      point('ApproximateAgeOfOldestMessage', (at - oldest) / 1000),
    ];
  });
}
