import { describe, expect, it } from 'vitest';
import { read } from '../docs/documents.ts';
import type { Statement } from '../simulator/iam/policy.ts';
import type { Simulator } from '../simulator/index.ts';
import { schema } from '../support/schemas.ts';
import { changed, HOUR } from './fleets.ts';
import { account, esr, PERSON } from './terminal.ts';

const GET = 'secretsmanager:GetSecretValue';
const ALLOWED: Statement = { Effect: 'Allow', Action: GET, Resource: '*' };
/** Texts that stand where a value, a tag or a description may be: none of them may ever be printed. */
const SENTINEL = 'SENTINEL-4711';

/** Services of one secret, each with a role that these statements make. */
function world(sim: Simulator, roles: Readonly<Record<string, readonly Statement[] | 'gone'>>): string {
  const { arn } = changed(sim, 'prod/db');
  sim.act('secretsmanager', 'TagResource', { SecretId: arn, Tags: [{ Key: SENTINEL, Value: SENTINEL }] });
  sim.act('secretsmanager', 'UpdateSecret', { SecretId: arn, Description: SENTINEL });
  for (const [name, inline] of Object.entries(roles)) {
    const gone = `arn:aws:iam::${sim.account}:role/${name}`;
    sim.world.service({
      cluster: 'prod',
      name,
      secrets: [`${arn}:password::`],
      executionRole: inline === 'gone' ? gone : sim.world.role({ name, inline }).arn,
      startedAt: Date.now() - 5 * HOUR,
    });
  }
  return arn;
}

const IAM = /^(?:iam|kms):|GetResourcePolicy/;
const asked = (sim: Simulator) => [...sim.ledger.actionsOf(PERSON)].filter((action) => IAM.test(action));

describe.concurrent('doctor access', () => {
  it.concurrent('of a secret says for each service whether its role can read it, and what to do', async (context) => {
    const sim = await account(context);
    const arn = world(sim, {
      fine: [ALLOWED],
      denied: [],
      gone: 'gone',
      tagged: [{ ...ALLOWED, Condition: { StringEquals: { 'aws:ResourceTag/team': 'a' } } }],
    });
    const { out, err, code } = await esr(sim, 'doctor', 'access', 'prod/db');
    expect(out.split('\n').slice(0, 6)).toEqual([
      'of 4 services: 2 cannot read, 1 unknown, nothing speaks against 1',
      expect.stringMatching(/^SERVICE +REFERS TO +ROLE +CAN IT READ$/),
      expect.stringMatching(/^prod\/denied +prod\/db +denied +cannot read$/),
      expect.stringMatching(/^prod\/gone +prod\/db +gone +cannot read$/),
      expect.stringMatching(/^prod\/tagged +prod\/db +tagged +unknown$/),
      expect.stringMatching(/^prod\/fine +prod\/db +fine +nothing against it$/),
    ]);
    expect(out).toContain(
      `prod/denied cannot read prod/db: no policy of its execution role allows ${GET}. Add to a policy of arn:aws:iam::111122223333:role/denied: { "Effect": "Allow", "Action": "${GET}", "Resource": "${arn}" }`,
    );
    expect(out).toContain('JSON key');
    expect(code).toBe(3);
    expect(out + err).not.toContain(SENTINEL);
  });

  it.concurrent('ends with 0 where nothing speaks against it, and never says that it will work', async (context) => {
    const sim = await account(context);
    world(sim, { fine: [ALLOWED] });
    const { out, code } = await esr(sim, 'doctor', 'access', 'prod/fine');
    expect(out).toMatch(/^of 1 service: nothing speaks against 1\n/);
    expect(out).not.toMatch(/will work|can read/);
    expect(code).toBe(0);
  });

  it.concurrent('of a service looks at everything that its next task needs', async (context) => {
    const sim = await account(context);
    const { world: make } = sim;
    const one = make.secret({ name: 'one' });
    const parameter = make.parameter({ name: '/two' });
    const { arn: taskDefinition } = make.taskDefinition({
      secrets: [one.arn, parameter.name],
      logSecrets: [one.arn],
      pullCredentials: one.arn,
      executionRole: make.role({ inline: [ALLOWED] }).arn,
    });
    make.service({ cluster: 'prod', name: 'api', taskDefinition });
    const { out, code } = await esr(sim, 'doctor', 'access', '--service', 'prod/api', '-o', 'json');
    const isAccess = schema('access');
    const report: { services: { references: { place: string; certainty: string }[] }[] } = JSON.parse(out);
    expect(isAccess(report), JSON.stringify(isAccess.errors)).toBe(true);
    expect(report.services[0]?.references.map(({ place, certainty }) => `${place} ${certainty}`)).toEqual([
      'secrets nothing-against',
      'secrets cannot',
      'log nothing-against',
      'pull nothing-against',
    ]);
    expect(code).toBe(3);
  });

  it.concurrent.for([
    'iam:GetRole',
    'iam:SimulatePrincipalPolicy',
    GET.replace('GetSecretValue', 'GetResourcePolicy'),
  ])('names %s if it is missing, and tells the rest', async (action, context) => {
    const sim = await account(context);
    world(sim, { denied: [] });
    const [service = '', operation = ''] = action.split(':');
    sim.faults.add({ service, operation, kind: 'access-denied', times: Infinity });
    const { out, code } = await esr(sim, 'doctor', 'access', 'prod/db');
    const isRole = action === 'iam:GetRole';
    expect(out.split('\n')[0]).toBe(`of 1 service: 1 ${isRole ? 'cannot read' : 'unknown'}`);
    if (!isRole) expect(out).toContain(`Allow the caller ${action}, and ask again.`);
    expect(code).toBe(3);
  });

  it.concurrent('of a service goes on where a secret is not shown, and names the permission', async (context) => {
    const sim = await account(context);
    world(sim, { fine: [ALLOWED] });
    sim.faults.add({
      service: 'secretsmanager',
      operation: 'DescribeSecret',
      kind: 'access-denied',
      times: Infinity,
    });
    const { out, err, code } = await esr(sim, 'doctor', 'access', '--service', 'prod/fine');
    expect(out).toMatch(/^of 1 service: 1 unknown\n/);
    expect(out).toContain('Allow the caller secretsmanager:DescribeSecret, and ask again.');
    expect(err).not.toMatch(/error|warning/);
    expect(code).toBe(3);
  });

  it.concurrent('says that a secret is scheduled for deletion, and which services read it by themselves', async (context) => {
    const sim = await account(context);
    world(sim, { fine: [ALLOWED] });
    sim.world.service({ cluster: 'prod', name: 'own', tags: { 'secret-redeploy:also': 'prod/db' } });
    sim.act('secretsmanager', 'DeleteSecret', { SecretId: 'prod/db' });
    const { out, code } = await esr(sim, 'doctor', 'access', 'prod/db');
    expect(out).toMatch(/^of 1 service: 1 cannot read\n/);
    expect(out).toContain('it does not exist, or is scheduled for deletion. Restore it');
    expect(out).toContain('not asked, because the application reads it with its task role: prod/own');
    expect(code).toBe(3);
  });

  it.concurrent('says where no service refers to it', async (context) => {
    const sim = await account(context);
    changed(sim, 'prod/lonely');
    const { out, code } = await esr(sim, 'doctor', 'access', 'prod/lonely');
    expect(out).toMatch(/^no execution role has to read it\n/);
    expect(code).toBe(0);
  });

  it.concurrent('asks with the actions that docs/security.md names, and with no other', async (context) => {
    const sim = await account(context);
    const key = sim.world.key({ aliases: ['alias/db'] });
    const { arn } = sim.world.secret({
      name: 'db',
      kmsKeyId: 'alias/db',
      versions: [{}, { id: 'old', labels: [] }],
    });
    sim.world.service({
      cluster: 'prod',
      name: 'api',
      secrets: [`${arn}:::old`],
      executionRole: sim.world.role().arn,
    });
    await esr(sim, 'doctor', 'access', 'db');
    const row = read('docs/security.md')
      .split('\n')
      .find((line) => line.includes('| `doctor access`, `plan --preflight` |'));
    const named = [...(row?.split('|')[2] ?? '').matchAll(/`([\w-]+:\w+)`/g)].map(([, action]) => action);
    expect(new Set(asked(sim))).toEqual(new Set(named));
    expect(key.arn).toContain(':kms:');
  });
});

describe.concurrent('plan --preflight', () => {
  it.concurrent('shows of each redeploy whether the role can read what a new task needs', async (context) => {
    const sim = await account(context);
    world(sim, { fine: [ALLOWED], denied: [] });
    const { out, code } = await esr(sim, 'plan', 'prod/db', '--preflight');
    expect(out).toMatch(/^SERVICE +PLAN +REASON +WAVE +ROLE$/m);
    expect(out).toMatch(/^prod\/denied +redeploy +0 +cannot read$/m);
    expect(out).toMatch(/^prod\/fine +redeploy +0 +nothing against it$/m);
    expect(out).toContain('prod/denied cannot read prod/db: no policy of its execution role allows');
    expect(code).toBe(0);
    const json = await esr(sim, 'plan', 'prod/db', '--preflight', '-o', 'json');
    const isReport = schema('report');
    expect(isReport(JSON.parse(json.out)), JSON.stringify(isReport.errors)).toBe(true);
  });

  it.concurrent('asks nothing of IAM where it is not given', async (context) => {
    const sim = await account(context);
    world(sim, { denied: [] });
    const { out } = await esr(sim, 'plan', 'prod/db');
    expect(out).not.toContain('ROLE');
    expect(asked(sim)).toEqual([]);
  });
});
