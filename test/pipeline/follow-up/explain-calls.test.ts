import { describe, expect, test } from 'vitest';
import type { Change } from '../../../functions/core/model/change.ts';
import type { Evidence, Question } from '../../../functions/core/plan/evidence.ts';
import { explainer } from '../../../functions/pipeline/follow-up/explain.ts';
import type { Run } from '../../../functions/pipeline/run.ts';
import { AFTER, CHANGED_AT, change, NOW, PARAMETER, SECRET, service } from '../../support/build.ts';
import { fakeRun } from '../../support/fake-run.ts';

const DAY = 86_400_000;
const FAILURE = { class: 'not-json', code: 'ResourceInitializationError' } as const;
const FAILED_TASK = { startedBy: 'ecs-svc/2', createdAt: AFTER, stoppedAt: NOW, failure: FAILURE };
/** The secret as it is right after the change. */
const SECRET_NOW = {
  arn: SECRET,
  lastChangedAt: CHANGED_AT,
  labelsOf: new Map([
    ['version-2', ['AWSCURRENT']],
    ['version-1', ['AWSPREVIOUS']],
  ]),
};

type Given = {
  readonly stoppedTasks?: Run['ports']['ecs']['stoppedTasks'];
  readonly answer?: Run['ports']['ecs']['answer'];
  readonly secret?: Run['ports']['secrets']['describe'];
  readonly parameter?: Run['ports']['parameters']['describe'];
};

/** ECS shows a task that failed because of the value; the test says what is different. */
function scene(changes: readonly Change[] = [change()], given: Given = {}) {
  const questions: Question[] = [];
  const answer = given.answer ?? (() => Promise.resolve({}));
  const scene = fakeRun(
    {
      ecs: {
        stoppedTasks: given.stoppedTasks ?? (() => Promise.resolve([FAILED_TASK])),
        answer: (question, signal) => {
          questions.push(question);
          return answer(question, signal);
        },
      },
      secrets: { describe: given.secret ?? (() => Promise.resolve(SECRET_NOW)) },
      parameters: {
        describe:
          given.parameter ?? (() => Promise.resolve({ arn: PARAMETER, changedAt: CHANGED_AT, version: 2 })),
      },
    },
    {},
    (input) => (typeof input === 'string' ? input : ''),
  );
  return { ...scene, questions, explain: explainer(changes, scene.run) };
}

const deployed = (status: string, at: number): Evidence => ({
  serviceDeployments: [{ createdAt: at, status, finishedAt: at + 1 }],
});
const refused = () => Promise.reject(new Error('refused'));
const ofParameter = change({ kind: 'parameter', arn: PARAMETER, changedAt: CHANGED_AT });

describe('a failure is explained', () => {
  test('by its stopped tasks, its deployments of the last 90 days before the change, and the secret as it is now', async () => {
    const { explain, questions, did } = scene();
    expect(await explain(service())).toEqual({
      failure: FAILURE,
      advice: 'restore',
      restore: expect.stringContaining('--move-to-version-id=version-1'),
    });
    expect(did).toEqual(['stoppedTasks ', 'answer ', `describe ${SECRET}`]);
    expect(questions).toEqual([
      {
        service: service(),
        deploymentsSince: CHANGED_AT - 90 * DAY,
        askTasks: false,
        unanswered: 'decide',
      },
    ]);
  });

  test('by the parameter as it is now', async () => {
    const { explain, did } = scene([ofParameter]);
    expect(await explain(service())).toEqual({
      failure: FAILURE,
      advice: 'restore',
      restore: expect.stringContaining('--name=/app/db/password:1'),
    });
    expect(did).toContain(`describe ${PARAMETER}`);
  });

  test('since the first of its changes', async () => {
    const changes = [change(), change({ changedAt: CHANGED_AT - 5_000 })];
    const task = { ...FAILED_TASK, createdAt: CHANGED_AT - 4_000 };
    const { explain, questions } = scene(changes, { stoppedTasks: () => Promise.resolve([task]) });
    expect(await explain(service())).toMatchObject({ failure: FAILURE });
    expect(questions).toMatchObject([{ deploymentsSince: CHANGED_AT - 5_000 - 90 * DAY }]);
  });

  test('as one of before, if the deployment before the change had failed', async () => {
    const answer = () => Promise.resolve(deployed('STOPPED', CHANGED_AT - DAY));
    const { explain, did } = scene([change()], { answer });
    expect(await explain(service())).toEqual({ failure: FAILURE, advice: 'failed-before' });
    expect(did).not.toContain(`describe ${SECRET}`);
  });

  test('without a class if no task shows one', async () => {
    const { explain, did } = scene([change()], { stoppedTasks: () => Promise.resolve([]) });
    expect(await explain(service())).toEqual({ advice: 'look-at-tasks' });
    expect(did).not.toContain(`describe ${SECRET}`);
  });

  test('without a question if no service is given', async () => {
    const { explain, did } = scene();
    expect(await explain(undefined)).toEqual({ advice: 'look-at-tasks' });
    expect(did).toEqual([]);
  });
});

describe('what AWS does not show is missing in the explanation:', () => {
  test.each<[string, Given, object]>([
    ['stopped tasks that cannot be read', { stoppedTasks: refused }, { advice: 'look-at-tasks' }],
    [
      'stopped tasks that are refused',
      { stoppedTasks: () => Promise.resolve({ why: 'AccessDenied' }) },
      { advice: 'look-at-tasks' },
    ],
    ['deployments that cannot be read', { answer: refused }, { failure: FAILURE, advice: 'restore' }],
    [
      'a secret that cannot be described',
      { secret: refused },
      { failure: FAILURE, advice: 'compare-versions' },
    ],
    [
      'a secret that does not exist any more',
      { secret: () => Promise.resolve(undefined) },
      { failure: FAILURE, advice: 'compare-versions' },
    ],
  ])('%s', async (_, given, explained) => {
    const { explain } = scene([change()], given);
    expect(await explain(service())).toMatchObject(explained);
  });

  test('stopped tasks, although the deployments show that the service failed before', async () => {
    const answer = () => Promise.resolve(deployed('ROLLBACK_FAILED', CHANGED_AT - DAY));
    const { explain } = scene([change()], { answer, stoppedTasks: refused });
    expect(await explain(service())).toEqual({ advice: 'failed-before' });
  });

  test.each([
    ['a parameter that cannot be described', refused],
    ['a parameter that does not exist any more', () => Promise.resolve(undefined)],
  ])('%s', async (_, parameter) => {
    const { explain } = scene([ofParameter], { parameter });
    expect(await explain(service())).toEqual({ failure: FAILURE, advice: 'compare-versions' });
  });
});

describe('for several services', () => {
  test('a secret is described once, even if they are explained at the same time', async () => {
    const { explain, did } = scene();
    const [one, other] = await Promise.all([explain(service()), explain(service({ name: 'b' }))]);
    expect(one).toEqual(other);
    expect(await explain(service())).toEqual(one);
    expect(did.filter((call) => call.startsWith('describe'))).toEqual([`describe ${SECRET}`]);
    expect(did.filter((call) => call.startsWith('stoppedTasks'))).toHaveLength(3);
  });

  test('each resource that fails is described by itself', async () => {
    const failures = [SECRET, PARAMETER].map((arn) => ({ ...FAILED_TASK, failure: { ...FAILURE, arn } }));
    const { explain, did } = scene([change(), ofParameter], {
      stoppedTasks: () => Promise.resolve(failures.splice(0, 1)),
    });
    expect(await explain(service())).toMatchObject({ advice: 'restore', failure: { arn: SECRET } });
    expect(await explain(service())).toMatchObject({ advice: 'restore', failure: { arn: PARAMETER } });
    expect(did.filter((call) => call.startsWith('describe'))).toEqual([
      `describe ${SECRET}`,
      `describe ${PARAMETER}`,
    ]);
  });
});
