import { setTimeout as sleep } from 'node:timers/promises';
import type { Point } from '../../infra/observability/written.ts';
import { findLostEvent } from './lost-event.ts';
import { openStage, type Stage } from './stage.ts';
import { askAgain, makeChanges, settled } from './story.ts';

const PATIENCE_MS = 60_000;
const SAMPLE_MS = 250;

/**
 * Plays the demo without its screen, then a sequel with failures: the lines of the log, and AWS's metrics of functions
 * and queues. Throws if one of them does not end in time.
 */
export async function playDemo() {
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

function invocationIn(line: string, functionName: string): readonly Point[] {
  const ms = /^REPORT Duration: (\d+) ms/.exec(line)?.[1];
  const dimensions = { FunctionName: `${functionName.replace('on-', 'OnDash')}LambdaFunction` };
  const point = { namespace: 'AWS/Lambda', dimensions, at: Date.now() };
  if (ms === undefined) return [];
  return [
    { ...point, name: 'Invocations', values: [1] },
    { ...point, name: 'Duration', values: [Number(ms)] },
  ];
}

const QUEUES = {
  changes: 'ChangeQueue',
  cloudtrail: 'CloudTrailQueue',
  'changes-dead': 'ChangeDeadLetterQueue',
};

/** As SQS counts: messages that can be received now, messages that are still delayed, and the age of the oldest. */
function queuePoints({ sim }: Stage): readonly Point[] {
  const at = Date.now();
  return Object.entries(QUEUES).flatMap(([name, id]) => {
    const messages = sim.messagesIn(`${sim.endpoint}/${sim.account}/${name}`);
    const hidden = messages.filter(({ visibleAt }) => visibleAt > at);
    const counts = {
      ApproximateNumberOfMessagesVisible: messages.length - hidden.length,
      ApproximateNumberOfMessagesDelayed: hidden.filter(({ receiveCount }) => receiveCount === 0).length,
      ApproximateAgeOfOldestMessage: (at - Math.min(at, ...messages.map(({ sentAt }) => sentAt))) / 1000,
    };
    const point = { namespace: 'AWS/SQS', dimensions: { QueueName: `${id}.QueueName` }, at };
    return Object.entries(counts).map(([metric, value]) => ({ ...point, name: metric, values: [value] }));
  });
}
