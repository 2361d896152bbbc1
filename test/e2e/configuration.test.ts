import { describe, expect, it } from 'vitest';
import { sqsEvent } from '../support/queue.ts';
import { deliver, rotated, scene, updated } from './scene.ts';

const WRONG = {
  MODE: 'maybe',
  SELECT: 'some',
  TAG_PREFIX: '',
  CLUSTERS: '!',
  MAX_SERVICES: '-1',
  PULL_CREDENTIALS: 'yes',
  COOLDOWN_SECONDS: 'a minute',
  MAX_REDEPLOYS_PER_HOUR: '1.5',
  FOLLOW_UP_SECONDS: '-30',
  FOLLOW_UP_LIMIT_MINUTES: 'x',
  UPDATE_RATE: '0',
  UPDATE_BURST: '0',
  READ_RATE: 'fast',
  READ_BURST: 'NaN',
  SWEEP: 'clean',
} as const;
/** An empty setting counts as not set, so these two may or may not be reported as faults. */
const DEBATABLE = new Set<string>(['TAG_PREFIX', 'CLUSTERS']);

/** The variables for addresses, credentials and logging. What libraries read about their runtime is not checked. */
const OURS =
  /^(CHANGE_|SNAPSHOT_|LOG_LEVEL|POWERTOOLS_|AWS_(REGION|DEFAULT|ENDPOINT|ACCESS|SECRET|SESSION|PROFILE))/;

describe.concurrent('a wrong configuration', () => {
  it.concurrent.for(['on-change', 'on-request'] as const)(
    'rejects every invocation of %s, names all variables at once and calls nothing',
    async (name, context) => {
      const stage = await scene(context);
      const lambda = await stage.lambda(name, WRONG);
      const event = name === 'on-change' ? sqsEvent([]) : { action: 'plan', secret: 'x' };
      for (const _ of [1, 2, 3]) {
        const result = await lambda.invoke(event);
        if (!('error' in result)) throw new Error('the invocation was not rejected');
        const missing = Object.keys(WRONG).filter((key) => !result.error.message.includes(key));
        expect(missing.filter((key) => !DEBATABLE.has(key))).toEqual([]);
      }
      expect(stage.sim.ledger.calls).toEqual([]);
    },
  );

  it.concurrent('is, for on-change, one without CHANGE_QUEUE_URL', async (context) => {
    const stage = await scene(context);
    const lambda = await stage.lambda('on-change', { CHANGE_QUEUE_URL: '' });
    expect(await lambda.invoke(sqsEvent([]))).toMatchObject({
      error: { message: expect.stringContaining('CHANGE_QUEUE_URL') },
    });
  });

  it.concurrent.for(Object.entries(WRONG).filter(([key]) => !DEBATABLE.has(key)))(
    'is reported if only one setting is wrong: %s=%s',
    async ([key, value], context) => {
      const stage = await scene(context);
      const result = await (await stage.lambda('on-change', { [key]: value })).invoke(sqsEvent([]));
      expect(result).toMatchObject({ error: { message: expect.stringContaining(key) } });
    },
  );
});

describe.concurrent('the import of a bundle', () => {
  it.concurrent.for(['on-change', 'on-request'] as const)(
    'reads no setting and no address from the environment and calls nothing: %s',
    async (name, context) => {
      const stage = await scene(context);
      const { askedByImport } = await stage.watchedLambda(name);
      expect(askedByImport.filter((key) => key in WRONG || OURS.test(key))).toEqual([]);
      expect(stage.sim.ledger.calls).toEqual([]);
    },
  );
});

describe.concurrent('an empty setting', () => {
  it.concurrent('counts as one that is not set', async (context) => {
    const stage = await scene(context);
    const { secret, event } = rotated(stage);
    stage.sim.world.service({ name: 'api', secrets: [secret.arn] });
    const unset = Object.fromEntries([...Object.keys(WRONG), 'SNAPSHOT_BUCKET'].map((key) => [key, '']));
    expect(await deliver(await stage.lambda('on-change', unset), [event])).toEqual([]);
    expect(updated(stage)).toEqual(['main/api']);
  });
});
