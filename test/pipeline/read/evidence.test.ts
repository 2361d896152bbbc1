import { describe, expect, test } from 'vitest';
import type { Question } from '../../../functions/core/plan/evidence.ts';
import { readEvidence } from '../../../functions/pipeline/read/evidence.ts';
import { AFTER, BEFORE, deployment, NOW, service } from '../../support/build.ts';
import { atOnce, fakeRun } from '../../support/fake-run.ts';

const api = service({ deployments: [deployment({ createdAt: BEFORE }), deployment({ createdAt: AFTER })] });
const web = service({ name: 'web', deployments: [] });
const about = (one: Question['service'], unanswered?: 'decide' | 'wait'): Question => ({
  service: one,
  askTasks: true,
  ...(unanswered && { unanswered }),
});
const NO_TIME = 'there was no time to ask ECS about its deployments and tasks';
const name = (input: unknown) => (input as Question).service.name;

describe('the questions about deployments and tasks', () => {
  test('are answered with the youngest deployment that each answer covers', async () => {
    const { run, did } = fakeRun({ ecs: { answer: () => Promise.resolve({ tasks: [] }) } }, {}, name);
    expect(await readEvidence([about(api), about(web)], run)).toEqual(
      new Map([
        [api.key, { tasks: [], asOf: AFTER }],
        [web.key, { tasks: [], asOf: 0 }],
      ]),
    );
    expect(did).toEqual(['answer api', 'answer web']);
  });

  test('are asked 32 at a time', async () => {
    const { during, most } = atOnce();
    const { run } = fakeRun({
      ecs: {
        answer: () => during({}),
      },
    });
    await readEvidence(
      Array.from({ length: 33 }, (_, i) => about(service({ name: `s${i}` }))),
      run,
    );
    expect(most()).toBe(32);
  });

  test('none are asked without any', async () => {
    const { run } = fakeRun({});
    expect(await readEvidence([], run)).toEqual(new Map());
  });

  test.each([
    // 40 % of what is left beside the reserve stays for the redeploys that the answers allow.
    ['while six tenths of the time are not over', 130_000, 70_000, ['answer api', 'answer web']],
    ['and not after that', 130_000, 69_999, ['answer api']],
  ])('are asked %s', async (_, atFirst, later, did) => {
    let isAsked = false;
    const fake = fakeRun(
      {
        ecs: {
          answer: () => {
            isAsked = true;
            return Promise.resolve({ tasks: [] });
          },
        },
      },
      { remainingMs: () => (isAsked ? later : atFirst) },
      name,
    );
    const found = await readEvidence([about(api), about(web)], fake.run);
    expect(fake.did).toEqual(did);
    expect(found.get(web.key)).toEqual(did.length === 2 ? { tasks: [], asOf: 0 } : { unreadable: NO_TIME });
  });

  test('that only refine a decision leave it as it is where there is no time', async () => {
    const { run, did, endReading } = fakeRun({ ecs: { answer: () => Promise.resolve({ tasks: [] }) } });
    endReading();
    expect(await readEvidence([about(api, 'decide'), about(web, 'wait')], run)).toEqual(
      new Map([
        [api.key, {}],
        [web.key, { unreadable: NO_TIME }],
      ]),
    );
    expect(did).toEqual([]);
  });

  test('throw what ECS answers if the time is not over', async () => {
    const { run } = fakeRun({ ecs: { answer: () => Promise.reject(new Error('throttled')) } });
    await expect(readEvidence([about(api, 'decide')], run)).rejects.toThrow('throttled');
  });

  const endedBy = (failing: string) => {
    const fake = fakeRun({
      ecs: {
        answer: (question) => {
          if (question.service.name !== failing) return Promise.resolve({ tasks: [] });
          fake.endReading();
          return Promise.reject(new Error('the time is over'));
        },
      },
    });
    return fake.run;
  };

  test('throw if the time ended and nothing is known of any service', async () => {
    await expect(readEvidence([about(api, 'wait')], endedBy('api'))).rejects.toThrow('the time is over');
  });

  test('keep what was answered before the time ended', async () => {
    expect(await readEvidence([about(web), about(api)], endedBy('api'))).toEqual(
      new Map([
        [web.key, { tasks: [], asOf: 0 }],
        [api.key, { unreadable: NO_TIME }],
      ]),
    );
  });

  test('keep the decision of a service for which the time ended, if it stands without an answer', async () => {
    expect(await readEvidence([about(api, 'decide')], endedBy('api'))).toEqual(new Map([[api.key, {}]]));
  });

  const DENIED = { unreadable: 'may not list tasks', denied: true } as const;
  test.each([
    ['all', [DENIED, DENIED], true],
    ['some', [DENIED, { tasks: [] }], false],
    ['all, for another reason', [{ unreadable: 'x' }, { unreadable: 'x' }], false],
  ])(
    'throw if a permission is missing for all services, and for all only: %s',
    async (_, answers, throws) => {
      const left = [...answers];
      const { run } = fakeRun({ ecs: { answer: () => Promise.resolve(left.shift() ?? {}) } });
      const asked = readEvidence([about(api), about(web)], run);
      if (throws) await expect(asked).rejects.toThrow('may not list tasks');
      else expect((await asked).size).toBe(2);
    },
  );
});

test('a question is asked with the signal of the time for reading', async () => {
  const { run } = fakeRun(
    { ecs: { answer: (_, signal) => Promise.resolve(signal === run.reading ? { tasks: [] } : {}) } },
    { now: NOW },
  );
  expect((await readEvidence([about(web)], run)).get(web.key)).toEqual({ tasks: [], asOf: 0 });
});
