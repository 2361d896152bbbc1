import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { onRequest } from '../../functions/on-request.ts';
import { readConfig } from '../../functions/runtime/config.ts';
import { connectedHandler } from '../../functions/runtime/handler.ts';
import { actAs, type Loop, QUICK, startLoop } from '../support/loop.ts';
import { schema } from '../support/schemas.ts';

const HOUR = 3_600_000;
const SENTINEL = 'Xyzzy-sentinel-value!1';
const isUses = schema('uses');

type Told = {
  readonly service: string;
  readonly container: string | null;
  readonly arn: string;
  readonly also?: { readonly key: string; readonly value: string };
};

/** FIELD-CASES: no `secrets`, and the name and the ARN of a managed secret in the environment. */
async function scene(env: Readonly<Record<string, string>> = {}) {
  const loop = await startLoop({ env });
  const { world } = loop.sim;
  const managed = world.secret({ name: 'rds!db-1a2b', suffix: 'AbCdEf' });
  const parameter = world.parameter({ name: '/app/key' });
  const add = (name: string, environment: Record<string, string>, more: object = {}) =>
    world.service({
      name,
      taskDefinition: world.taskDefinition({ family: name, environment: { ...environment, X: SENTINEL } }),
      startedAt: loop.clock.now() - HOUR,
      ...more,
    });
  add('by-name', { AWS_SECRET_NAME: 'rds!db-1a2b' });
  add('by-arn', { DB_SECRET_ARN: managed.arn });
  add('by-both', { A: 'rds!db-1a2b', B: managed.arn });
  add('parameter', { KEY: parameter.arn });
  add('out', { DB_SECRET_ARN: managed.arn }, { tags: { 'secret-redeploy:enabled': 'false' } });
  add('within', { JSON: `{"arn":"${managed.arn}"}`, LIST: `${managed.arn},x` });
  add('other', { A: 'rds!db-1a2c', B: managed.arn.replace('AbCdEf', 'Zz9Yy8') });
  return { loop, managed, parameter };
}

async function rotate(loop: Loop): Promise<void> {
  const before = loop.sim.events.length;
  loop.sim.rotateSecret('rds!db-1a2b');
  for (const event of loop.sim.events.slice(before))
    if (event['detail-type'] === 'Secret Label Updated') loop.send(event);
  loop.clock.advance(5_000);
  await loop.run();
}

async function ask({ clock }: Loop, request: object): Promise<unknown> {
  const handle = connectedHandler(readConfig([], QUICK), onRequest, {
    now: clock.now,
    sleep: (ms) => Promise.resolve(clock.advance(ms)),
  });
  actAs('on-request');
  return handle(request).finally(() => actAs('on-change'));
}

const named = (mentions: unknown) =>
  (mentions as readonly Told[]).map(({ service, also }) => `${service.split('/').at(-1)} ${also?.value}`);

describe('an application that reads a secret by itself', () => {
  test('is told once for a change, with the tag that would include it, and is not redeployed', async () => {
    const { loop, managed } = await scene();
    await rotate(loop);
    const plans = loop.told('plan.made');
    expect(plans).toHaveLength(1);
    const coded = managed.arn.replace('!', '=21');
    expect(named(plans[0]?.['mentions'])).toEqual([
      `by-arn ${coded}`,
      'by-both rds=21db-1a2b',
      'by-name rds=21db-1a2b',
    ]);
    expect(plans[0]).toMatchObject({ mentionsTotal: 3, redeploy: 0, level: 'INFO' });
    expect(loop.told('service.redeployed')).toEqual([]);
    expect(loop.told('service.skipped')).toEqual([]);
  });

  test('is redeployed once it has the tag, which the simulated AWS accepts, and is told no more', async () => {
    const { loop } = await scene();
    await rotate(loop);
    const mentions = (loop.told('plan.made')[0]?.['mentions'] ?? []) as readonly Told[];
    for (const { service, also } of mentions)
      loop.sim.act('ecs', 'TagResource', { resourceArn: service, tags: [also] });
    loop.clock.advance(HOUR);
    await rotate(loop);
    expect(loop.told('service.redeployed').map(({ service }) => String(service).split('/').at(-1))).toEqual(
      expect.arrayContaining(['by-arn', 'by-both', 'by-name']),
    );
    expect(loop.told('plan.made').at(-1)).not.toHaveProperty('mentions');
  });

  test('is an answer to uses, opted out or not, in the published shape', async () => {
    const { loop, managed, parameter } = await scene();
    const answer = await ask(loop, { action: 'uses', secret: 'rds!db-1a2b' });
    expect(isUses(answer) ? [] : isUses.errors).toEqual([]);
    expect(answer).toMatchObject({ uses: [] });
    const { mentions } = answer as { readonly mentions: readonly unknown[] };
    expect(named(mentions)).toEqual([
      `by-arn ${managed.arn.replace('!', '=21')}`,
      'by-both rds=21db-1a2b',
      'by-name rds=21db-1a2b',
      `out ${managed.arn.replace('!', '=21')}`,
    ]);
    expect(mentions.at(-1)).toMatchObject({ optedOut: true, container: 'app', cluster: 'main' });
    const ofParameter = await ask(loop, { action: 'uses', parameter: '/app/key' });
    expect(isUses(ofParameter) ? [] : isUses.errors).toEqual([]);
    expect(ofParameter).toMatchObject({ mentions: [{ also: { value: parameter.arn } }] });
    expect(JSON.stringify([answer, ofParameter])).not.toContain('Xyzzy');
  });

  test('leaves nothing else of an environment in the log or in the snapshot', async () => {
    const { loop, managed } = await scene({ SNAPSHOT_BUCKET: 'fleet' });
    loop.sim.world.bucket('fleet');
    loop.restart();
    await rotate(loop);
    const body = loop.sim.objects('fleet').read('fleet.json.gz');
    const stored = gunzipSync(body ?? new Uint8Array()).toString();
    expect(stored).toContain(managed.arn);
    expect(stored).toContain('rds!db-1a2b');
    for (const text of [stored, JSON.stringify(loop.records)]) {
      expect(text).not.toContain('Xyzzy');
      expect(text).not.toContain('AWS_SECRET_NAME');
      expect(text).not.toContain('{"arn":"arn:aws');
    }
  });
});
