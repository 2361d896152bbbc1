import { describe, expect, test } from 'vitest';
import { clusterArn } from '../../functions/core/model/arn.ts';
import { grouped, openIn, writtenRollouts } from '../../functions/formats/open-services.ts';
import { ACCOUNT, NOW, openService, REGION } from '../support/build.ts';

const MAIN = openService().cluster;
const EDGE = clusterArn(`arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/edge`);
const ROLLOUT = { state: 'baking', since: NOW, alarmed: true } as const;
const written = (...open: Parameters<typeof writtenRollouts>[0]): unknown =>
  JSON.parse(JSON.stringify(writtenRollouts(open)));

describe('a service that a change waits for is read', () => {
  const { name, deploymentId, ours, lastLogged } = openService();
  const read = (rollouts: Parameters<typeof openIn>[1]) =>
    openIn([[MAIN, [[name, deploymentId, ours, lastLogged]]]], rollouts);

  test('with what was seen of its deployment', () => {
    expect(read([[MAIN, [['api', { ...ROLLOUT, ran: 1 }]]]])).toStrictEqual([
      openService({ rollout: ROLLOUT, ranBefore: 1 }),
    ]);
  });

  test('with a state that has not rung the alarm, if the message says nothing of it', () => {
    expect(read([[MAIN, [['api', { state: 'baking', since: NOW }]]]])).toStrictEqual([
      openService({ rollout: { ...ROLLOUT, alarmed: false } }),
    ]);
  });

  test.each<[string, Parameters<typeof openIn>[1]]>([
    ['nothing', []],
    ['a state and no instant', [[MAIN, [['api', { state: 'baking' }]]]]],
    ['an instant and no state', [[MAIN, [['api', { since: NOW }]]]]],
    ['the deployment of another service', [[MAIN, [['web', { ...ROLLOUT, ran: 1 }]]]]],
    ['a service of another cluster', [[EDGE, [['api', { ...ROLLOUT, ran: 1 }]]]]],
  ])('without it, if the message holds %s', (_, rollouts) => {
    expect(read(rollouts)).toStrictEqual([openService()]);
  });
});

describe('of the deployments that a change waits for', () => {
  test('nothing is written if nothing was seen', () => {
    expect(written(openService(), openService({ name: 'web' }))).toEqual({});
  });

  test('only what was seen is written', () => {
    expect(
      written(
        openService(),
        openService({ name: 'a', rollout: ROLLOUT }),
        openService({ name: 'b', ranBefore: 0 }),
        openService({ cluster: EDGE, rollout: ROLLOUT, ranBefore: 1 }),
      ),
    ).toEqual({
      rollouts: [
        [
          MAIN,
          [
            ['a', ROLLOUT],
            ['b', { ran: 0 }],
          ],
        ],
        [EDGE, [['api', { ...ROLLOUT, ran: 1 }]]],
      ],
    });
  });
});

test('services are grouped by cluster, in the order in which they come', () => {
  const all = [openService(), openService({ cluster: EDGE }), openService({ name: 'web' })];
  expect(grouped(all, ({ name }) => name)).toEqual([
    [MAIN, ['api', 'web']],
    [EDGE, ['api']],
  ]);
});
