import { execFileSync } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { onRequest } from '../../functions/on-request.ts';
import type { Ports } from '../../functions/ports.ts';
import { readConfig } from '../../functions/runtime/config.ts';
import { connectedHandler } from '../../functions/runtime/handler.ts';
import { actAs, type Loop, QUICK, redeploys, startLoop } from '../support/loop.ts';
import { schema } from '../support/schemas.ts';
import { changed, HOUR, services, threeWaves } from './fleets.ts';
import { pictured } from './picture.ts';
import { account, esrUntil } from './terminal.ts';
import { esrIn, type VirtualOptions } from './virtual.ts';

const MINUTE = 60_000;
const isReport = schema('report');

/** Services of three waves that run on an old value of a secret. */
async function scene(count = 6, failing?: number) {
  const loop = await startLoop();
  const { sim, clock } = loop;
  const secret = sim.world.secret({ name: 'prod/db', suffix: 'AbCdEf' });
  clock.advance(4 * HOUR);
  sim.rotateSecret('prod/db');
  const all = threeWaves(loop, secret, count, failing);
  clock.advance(MINUTE);
  return { loop, secret, all };
}

function handler({ clock }: Loop, settings: Readonly<Record<string, string>>) {
  const sleep = (ms: number) => Promise.resolve(clock.advance(ms));
  return connectedHandler(readConfig([], settings), onRequest, { now: clock.now, sleep });
}

/** Installs the service, whose on-request runs in simulated time, too. */
function install(loop: Loop, environment: Readonly<Record<string, string>> = {}) {
  const { sim, queueUrl } = loop;
  const settings = { CHANGE_QUEUE_URL: queueUrl, ...QUICK, ...environment };
  const handle = handler(loop, settings);
  const requests: unknown[] = [];
  sim.world.stack({
    environment: settings,
    handlers: {
      'on-request': async (event) => {
        requests.push(event);
        actAs('on-request');
        const answer = handle(event);
        // What it prints at its end belongs to this test, though the command has ended before.
        onTestFinished(() => answer.then(() => undefined));
        return answer;
      },
    },
  });
  return requests;
}

/** What on-request answers to the request in a scene of its own. */
async function answered(): Promise<unknown> {
  const { loop } = await scene();
  const handle = handler(loop, { CHANGE_QUEUE_URL: loop.queueUrl, ...QUICK });
  actAs('on-request');
  return handle({ action: 'redeploy', secret: ['prod/db'], at: new Date(loop.clock.now()).toISOString() });
}

/** A report without the ids of requests and deployments, which are others each time. */
function anonymous(text: string): unknown {
  return JSON.parse(text.replaceAll(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|ecs-svc\/\d+/g, 'id'));
}

const local = (loop: Loop, args: readonly string[], options?: VirtualOptions) =>
  esrIn(loop, ['redeploy', 'prod/db', '--local', ...args], options);

/** The services that were redeployed, once for each time. */
const updated = (loop: Loop): readonly string[] =>
  redeploys(loop)
    .map(({ input }) => String(input['service']).split('/').at(-1) ?? '')
    .toSorted((a, b) => (a < b ? -1 : 1));

/** Fails if the terminal itself redeploys. */
function withoutWrites(ports: Ports): Ports {
  const forceNewDeployment = () => Promise.reject(new Error('the terminal redeployed by itself'));
  return { ...ports, ecs: { ...ports.ecs, forceNewDeployment } };
}

/** Presses Ctrl-C at the n-th call to ECS. */
function interruptedAt(n: number): VirtualOptions {
  let calls = 0;
  let interrupt = () => {};
  return {
    onStart: (press) => {
      interrupt = press;
    },
    watch: (ports) => ({
      ...ports,
      ecs: new Proxy(ports.ecs, {
        get: (ecs, name: keyof Ports['ecs']) => {
          if (++calls === n) interrupt();
          return ecs[name];
        },
      }),
    }),
  };
}

describe('redeploy --local', () => {
  it('shows the plan, redeploys wave by wave in this process, and ends with 0 when all is fresh', async () => {
    const { loop } = await scene();
    const { out, code } = await local(loop, []);
    expect(out.split('\n')[0]).toContain('2 of 6 services would be redeployed, 4 would wait');
    expect(out).toContain('prod/db: 6 of 6 services are fresh\n');
    expect(code).toBe(0);
    expect(updated(loop)).toEqual(['api-0', 'api-1', 'api-2', 'api-3', 'api-4', 'api-5']);
  });

  it('of 50 services over three waves with one failing ends with 4, and leaves the later wave as it is', async () => {
    const { loop } = await scene(50, 4);
    const { out, code } = await local(loop, ['--yes']);
    expect(out).toContain('prod/db: 33 of 50 services are fresh · 1 failed · 16 left as they are');
    expect(code).toBe(4);
    expect(updated(loop)).toHaveLength(34);
  });

  it('does nothing the second time', async () => {
    const { loop } = await scene();
    await local(loop, []);
    const { out, err, code } = await local(loop, []);
    expect(out).toContain('0 of 6 services would be redeployed');
    expect(err).toContain('nothing to do');
    expect(code).toBe(0);
    expect(redeploys(loop)).toHaveLength(6);
  });

  it('answers with the report of the service for the same request', async () => {
    const { loop } = await scene();
    const { out } = await local(loop, ['-o', 'json']);
    expect(isReport(JSON.parse(out)) ? [] : isReport.errors).toEqual([]);
    expect(anonymous(out)).toEqual(anonymous(JSON.stringify(await answered())));
  });

  it('ends with 2 and names the permission where ECS refuses to redeploy, and does not wait for ever', async () => {
    const { loop } = await scene();
    loop.sim.faults.add({
      service: 'ecs',
      operation: 'UpdateService',
      kind: 'access-denied',
      times: Infinity,
    });
    const { err, code } = await local(loop, []);
    expect(err).toMatch(/^prod\/api-[03], prod\/api-[03]: the permission ecs:UpdateService is missing$/m);
    expect(err).not.toContain('warning');
    expect(code).toBe(2);
  });

  it('writes nothing where a lookup is denied', async () => {
    for (const operation of [
      'DescribeServices',
      'ListServices',
      'DescribeTaskDefinition',
      'ListServiceDeployments',
    ]) {
      const { loop } = await scene();
      loop.sim.faults.add({ service: 'ecs', operation, kind: 'access-denied', times: Infinity });
      const { err, code } = await local(loop, []);
      expect(err).toContain(
        `the permission ecs:${operation} is missing, so nothing was decided and nothing was done`,
      );
      expect(code).toBe(2);
      expect(redeploys(loop)).toEqual([]);
    }
  });
});

describe('redeploy', () => {
  it('goes through the installed service, which does it once, and follows it', async () => {
    const { loop } = await scene();
    const requests = install(loop);
    const { out, err, code } = await esrIn(loop, ['redeploy', 'prod/db', '--wait'], { watch: withoutWrites });
    expect(out).toContain('prod/db: 6 of 6 services are fresh\n');
    expect(err).toContain('the service redeploys under the id');
    expect(code).toBe(0);
    expect(requests).toEqual([
      { action: 'redeploy', secret: ['prod/db'], at: expect.stringMatching(/^2026-11-22T07:01:00/) },
    ]);
    expect(redeploys(loop)).toHaveLength(6);
  });

  it('answers with the report of the service for the same request', async () => {
    const { loop } = await scene();
    install(loop);
    const { out } = await esrIn(loop, ['redeploy', 'prod/db', '--wait', '-o', 'json']);
    expect(isReport(JSON.parse(out)) ? [] : isReport.errors).toEqual([]);
    const answer = await answered();
    expect(answer).toMatchObject({ summary: { matched: 6, redeploy: 2, wait: 4, accepted: 2 } });
    expect(anonymous(out)).toEqual(anonymous(JSON.stringify(answer)));
  });

  it('says within a minute that nothing has begun, and ends with 1 when CloudWatch shows that the function failed', async () => {
    const { loop } = await scene();
    const { sim } = loop;
    sim.world.stack({ handlers: { 'on-request': () => Promise.reject(new Error('out of memory')) } });
    const { out, err, code } = await esrIn(loop, ['redeploy', 'prod/db', '--wait']);
    const id = /under the id (\S+)/.exec(err)?.[1] ?? 'none';
    const name = 'ecs-secret-redeploy-prod-on-request';
    expect(err).toContain(
      `error: the installed service failed (1 error of ${name} since the request), and no service has been redeployed; Lambda does not try the request again\n`,
    );
    expect(err).toMatch(
      new RegExp(
        `^its log: aws logs filter-log-events .*--log-group-name /aws/lambda/${name} .*"${id}"'$`,
        'm',
      ),
    );
    expect(err).toMatch(/^once the cause is mended: esr redeploy prod\/db --wait --at \S+$/m);
    expect(out).not.toContain('are fresh');
    expect(code).toBe(1);
    expect(redeploys(loop)).toEqual([]);
  });

  it.each([
    ['shows no error', [], 'CloudWatch shows no error of ecs-secret-redeploy-prod-on-request yet'],
    [
      'may not be asked',
      ['GetMetricData'],
      'is not known (cannot read the metrics of the service: AccessDenied',
    ],
  ])('where nothing has begun and CloudWatch %s says so once and looks on', async (_, denied, said) => {
    const { loop } = await scene();
    const { sim } = loop;
    sim.world.stack({ handlers: { 'on-request': () => Promise.resolve({}) } });
    for (const operation of denied)
      sim.faults.add({ service: 'cloudwatch', operation, kind: 'access-denied', times: Infinity });
    const { err, code } = await esrIn(loop, ['redeploy', 'prod/db', '--wait', '--timeout', '5m']);
    expect(err.match(/after the request no service has been redeployed/g)).toHaveLength(1);
    expect(err).toContain(said);
    expect(code).toBe(5);
  });

  it('whose request is answered by none says that it may have arrived, and what repeats it', async () => {
    const { loop } = await scene();
    const { sim } = loop;
    install(loop);
    sim.faults.add({ service: 'lambda', operation: 'Invoke', kind: 'server-error', times: Infinity });
    const { err, code } = await esrIn(loop, ['redeploy', 'prod/db', '--wait']);
    expect(err).toMatch(
      /^the request may have arrived; sent again it doubles nothing: esr redeploy prod\/db --wait --at \S+$/m,
    );
    expect(code).toBe(2);
    expect(sim.ledger.count('lambda', 'Invoke')).toBe(1);
  });

  it.each([
    ['', []],
    [' and by force', ['--force', '--yes']],
  ])('twice with the same --at, before the first has done anything%s, doubles nothing', async (_, more) => {
    const { loop } = await scene();
    install(loop);
    const at = new Date(loop.clock.now()).toISOString();
    for (let i = 0; i < 2; i++)
      expect((await esrIn(loop, ['redeploy', 'prod/db', '--detach', '--at', at, ...more])).code).toBe(0);
    const { code } = await esrIn(loop, ['watch', 'prod/db']);
    expect(code).toBe(0);
    expect(updated(loop)).toEqual(['api-0', 'api-1', 'api-2', 'api-3', 'api-4', 'api-5']);
  });

  it('prints the id alone and leaves the rest to the service with --detach', async () => {
    const { loop } = await scene();
    install(loop);
    const { out, code } = await esrIn(loop, ['redeploy', 'prod/db', '--detach', '-o', 'name']);
    expect(out).toMatch(/^[0-9a-f-]{36}\n$/);
    expect(code).toBe(0);
  });

  it('needs the service, or --local', async () => {
    const { loop } = await scene();
    const { err, code } = await esrIn(loop, ['redeploy', 'prod/db']);
    expect(err).toContain(
      'error: the service is not installed here for stage prod: --local redeploys from this terminal',
    );
    expect(code).toBe(1);
  });

  it('does nothing while the service is stopped', async () => {
    const { loop } = await scene();
    install(loop, { MODE: 'observe' });
    const { err, code } = await esrIn(loop, ['redeploy', 'prod/db']);
    expect(err).toContain('the service is stopped (MODE=observe), so nothing would be redeployed');
    expect(code).toBe(1);
    expect(redeploys(loop)).toEqual([]);
  });
});

describe('the question', () => {
  it.each([
    ['more than ten services', 11, []],
    ['--force', 2, ['--force']],
  ])('before %s needs --yes where there is no terminal', async (_, count, args) => {
    const { loop } = await scene(count);
    const { err, code } = await local(loop, args);
    expect(err).toContain('pass --yes where there is no terminal to ask on');
    expect(code).toBe(1);
    expect(redeploys(loop)).toEqual([]);
  });

  it('answered with no does nothing', async () => {
    const { loop } = await scene(11);
    const { err, code } = await local(loop, [], { answers: 'n' });
    expect(err).toContain('redeploy 11 services? [y/N]');
    expect(err).toContain('nothing was done');
    expect(code).toBe(1);
    expect(redeploys(loop)).toEqual([]);
  });

  it('answered with yes does it', async () => {
    const { loop } = await scene(11);
    expect((await local(loop, [], { answers: 'y' })).code).toBe(0);
    expect(redeploys(loop)).toHaveLength(11);
  });
});

/** The arguments as a shell hands them on. */
function wordsOf(line: string): readonly string[] {
  return execFileSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');
}

describe('of 50 services over three waves with one failing', () => {
  it('the live picture of --local is what ECS had at each frame, and the end is 4', async () => {
    const { loop, secret, all } = await scene(50, 4);
    const args = ['redeploy', 'prod/db', '--local', '--yes'];
    const { frames, code } = await pictured(loop, args, secret.arn, all);
    // The waits of the redeploy and those of the picture advance the same simulated clock.
    expect(frames).toBeGreaterThan(5);
    expect(code).toBe(4);
  });

  it('the same of a redeploy by the installed service', async () => {
    const { loop, secret, all } = await scene(50, 4);
    install(loop);
    const args = ['redeploy', 'prod/db', '--yes'];
    const { frames, out, code } = await pictured(loop, args, secret.arn, all, { watch: withoutWrites });
    expect(frames).toBeGreaterThan(10);
    expect(out).toContain('33 of 50 services are fresh · 1 failed · 16 left as they are');
    expect(code).toBe(4);
    expect(new Set(updated(loop)).size).toBe(updated(loop).length);
  });

  it.each([40, 70, 90, 120, 150, 200, 260, 330])(
    'Ctrl-C at call %i to ECS, and the printed command, reach the same end, and nothing is doubled',
    async (n) => {
      const { loop } = await scene(50, 4);
      const { err, code } = await local(loop, ['--yes'], interruptedAt(n));
      expect([4, 130]).toContain(code);
      const [, printed] = /^to finish it: esr (.*)$/m.exec(err) ?? [];
      const again = await esrIn(loop, wordsOf(printed ?? 'redeploy prod/db --local --yes'));
      expect(again.code).toBe(4);
      await loop.run(10 * MINUTE);
      expect(updated(loop)).toHaveLength(34);
      expect(new Set(updated(loop)).size).toBe(34);
    },
  );
});

describe('Ctrl-C', () => {
  it.each([1, 3, 6, 7, 8, 9, 11, 15, 25, 50])(
    'at call %i to ECS begins nothing more, and the printed command reaches the same end without doubling anything',
    async (n) => {
      const { loop, secret } = await scene(6, 4);
      const { err, code } = await local(loop, ['--reason', "it's leaked"], interruptedAt(n));
      expect(code).toBe(130);
      const begun = redeploys(loop).length;
      const [, printed] = /^to finish it: esr (.*)$/m.exec(err) ?? [];
      expect(begun > 0 ? printed : 'nothing was begun').toBeDefined();
      const again = await esrIn(loop, wordsOf(printed ?? 'redeploy prod/db --local'));
      expect(again.code).toBe(4);
      await loop.run(10 * MINUTE);
      expect(updated(loop)).toEqual(['api-0', 'api-1', 'api-3', 'api-4']);
      const stale = loop.sim.staleTasks(secret.arn).map(({ serviceArn }) => serviceArn.slice(-1));
      expect(new Set(stale)).toEqual(new Set(['2', '4', '5']));
    },
  );

  it('reaches a process in a pipe, which ends with 130', async (context) => {
    const sim = await account(context, { rolloutMs: 60_000 });
    services(sim, changed(sim, 'prod/db'), 'prod', { stale: 3, fresh: 0 });
    const { err, code } = await esrUntil(sim, / progressing/, { args: ['redeploy', 'prod/db', '--local'] });
    expect(err).toMatch(/^to finish it: esr redeploy prod\/db --local --at \S+$/m);
    expect(code).toBe(130);
  });

  it('stops nothing that the installed service does, and says how to look on', async () => {
    const { loop } = await scene();
    install(loop);
    const { err, code } = await esrIn(loop, ['redeploy', 'prod/db', '--wait'], interruptedAt(12));
    expect(code).toBe(130);
    const [, printed = ''] = /the service goes on by itself; to look on: esr (.*)$/m.exec(err) ?? [];
    const { out, code: end } = await esrIn(loop, wordsOf(printed));
    expect(out).toBe('prod/db: 6 of 6 services are fresh\n');
    expect(end).toBe(0);
    expect(redeploys(loop)).toHaveLength(6);
  });
});
