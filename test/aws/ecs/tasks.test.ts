import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { CallCounts, makeEcsClients } from '../../../functions/aws/clients.ts';
import { EcsReads } from '../../../functions/aws/ecs/calls.ts';
import { makeEcs } from '../../../functions/aws/ecs/ecs.ts';
import { createClock, type Simulator } from '../../simulator/index.ts';
import { simulatedAccount } from '../../support/simulated.ts';
import { SENTINEL } from '../../support/stop-reasons.ts';

const DAY = 86_400_000;
const RATES = { readRate: 10_000, readBurst: 10_000, updateRate: 1_000, updateBurst: 1_000 };
const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-a1B2c3';
const MISSING = `ResourceInitializationError: failed to fetch secret ${ARN} from secrets manager: ResourceNotFoundException: ${SENTINEL}`;

type Spec = NonNullable<Parameters<Simulator['world']['service']>[0]>;

/** A service whose last deployment began a minute ago, and the port that reads it. */
async function deployed(spec: Partial<Spec> = {}, forMs = 60_000) {
  const clock = createClock();
  const sim = await simulatedAccount({ now: clock.now, rolloutMs: 20_000 });
  const arn = sim.world.service({ name: 'api', cluster: 'main', startedAt: clock.now() - DAY, ...spec });
  const ecs = makeEcs(makeEcsClients(new CallCounts()), RATES, 'secret-redeploy', {
    now: clock.now,
    sleep: (ms) => Promise.resolve(clock.advance(ms)),
  });
  const { signal } = new AbortController();
  const { services } = await ecs.readNamed([{ cluster: 'main', name: 'api', asGiven: 'api' }], [], signal);
  const [service] = services;
  if (service === undefined) throw new Error('the simulator shows no service');
  const deployedAt = clock.now();
  sim.world.deploy(arn, { by: 'CI' });
  clock.advance(forMs);
  sim.advance();
  sim.ledger.clearCalls();
  const stopped = () => ecs.stoppedTasks(service, signal);
  const running = async () => {
    const tasks = await ecs.tasksIn(service.cluster.arn, signal);
    if (tasks === undefined || 'why' in tasks) throw new Error('the simulator shows no tasks');
    return tasks.get(service.key) ?? [];
  };
  return { sim, clock, arn, deployedAt, stopped, running };
}

type Deployed = Awaited<ReturnType<typeof deployed>>;

/** The deployments that the simulator knows of, the youngest last. */
const deploymentsOf = ({ sim, arn }: Pick<Deployed, 'sim' | 'arn'>) =>
  sim.deploymentsOf(arn.arn).map(({ deploymentId }) => deploymentId);

test('a task that ListTasks still calls running is not if DescribeTasks shows that it has stopped', async () => {
  const { running } = await deployed({ desired: 2 });
  const group = 'service:api';
  const late = vi.spyOn(EcsReads.prototype, 'describeTasks').mockResolvedValue([
    { taskArn: 'a', group, createdAt: new Date(1), lastStatus: 'STOPPED' },
    { taskArn: 'b', group, createdAt: new Date(2), lastStatus: 'RUNNING' },
    { taskArn: 'c', group, createdAt: new Date(3), lastStatus: 'DEACTIVATING' },
  ]);
  onTestFinished(() => late.mockRestore());
  expect(await running()).toEqual([{ createdAt: 2 }, { createdAt: 3 }]);
});

describe('the stopped tasks of a service', () => {
  test('that were replaced in good order say by which deployment they were started, and when they stopped', async () => {
    const { sim, arn, deployedAt, stopped } = await deployed({ desired: 3 });
    const tasks = await stopped();
    expect(tasks).toHaveLength(3);
    if ('why' in tasks) throw new Error(tasks.why);
    for (const { startedBy, createdAt, stoppedAt, failure } of tasks) {
      expect(startedBy).toBe(deploymentsOf({ sim, arn })[0]);
      expect(createdAt).toBeLessThan(deployedAt);
      expect(stoppedAt).toBeGreaterThan(deployedAt);
      expect(failure).toBeUndefined();
    }
  });

  test('that only drain have not stopped yet', async () => {
    const { stopped } = await deployed({ desired: 1, rollout: { drainMs: 600_000 } });
    expect(await stopped()).toMatchObject([{ stoppedAt: null }]);
  });

  test('that failed name their deployment and the class of the reason, and no word of the reason', async () => {
    const { sim, arn, stopped } = await deployed({ rollout: { outcome: 'fail', reason: MISSING } });
    const tasks = await stopped();
    const failure = { class: 'not-found', code: 'ResourceNotFoundException', arn: ARN };
    const startedBy = deploymentsOf({ sim, arn }).at(-1);
    expect(tasks).toContainEqual(expect.objectContaining({ startedBy, failure }));
    expect(JSON.stringify(tasks)).not.toContain(SENTINEL);
  });

  test('are read page by page, a hundred in a call', async () => {
    const { sim, stopped } = await deployed({ desired: 230 });
    expect(await stopped()).toHaveLength(230);
    const operations = sim.ledger.calls.map(({ operation }) => operation);
    expect(operations.filter((one) => one === 'ListTasks')).toHaveLength(3);
    expect(operations.filter((one) => one === 'DescribeTasks')).toHaveLength(3);
  });

  test('are none an hour later', async () => {
    const { stopped } = await deployed({}, 3 * 3_600_000);
    expect(await stopped()).toEqual([]);
  });

  test.each([
    ['ListTasks', 'access-denied', true],
    ['DescribeTasks', 'access-denied', true],
    ['ListTasks', 'client-error', undefined],
    ['DescribeTasks', 'client-error', undefined],
  ] as const)('are refused, and not thrown, if %s answers %s', async (operation, kind, denied) => {
    const { sim, stopped } = await deployed();
    sim.faults.add({ service: 'ecs', operation, kind, times: Infinity });
    expect(await stopped()).toEqual({ why: expect.any(String), ...(denied && { denied }) });
  });

  test('are thrown as unread if ECS does not answer', async () => {
    const { sim, stopped } = await deployed();
    sim.faults.add({ service: 'ecs', operation: 'ListTasks', kind: 'server-error', times: Infinity });
    await expect(stopped()).rejects.toThrow(/^cannot read the stopped tasks of service /);
  });

  test('are none if the service is gone', async () => {
    const { sim, stopped } = await deployed();
    sim.faults.add({
      service: 'ecs',
      operation: 'ListTasks',
      kind: 'client-error',
      code: 'ServiceNotFoundException',
      times: Infinity,
    });
    expect(await stopped()).toEqual([]);
  });
});
