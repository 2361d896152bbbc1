import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { changed, services } from './fleets.ts';
import { account, esr, PERSON, type Ran, runEsr } from './terminal.ts';

const HEADER = '111122223333 · eu-west-1 · stage prod · no stack, so the default settings';
const HERE = 'in eu-west-1 of account 111122223333';

/** What a command said on stderr, but for the header and the lines that point at the help. */
const sentence = ({ err }: Ran): string =>
  err
    .split('\n')
    .filter((line) => line !== HEADER && line !== '' && !line.startsWith('('))
    .join('\n');

describe.concurrent('wrong usage ends with 1 and says what is wrong, before AWS is asked:', () => {
  it.concurrent.for([
    ['stael', "error: unknown command 'stael'"],
    ['stale --clustre prod', "error: unknown option '--clustre'"],
    ['doctor credential', "error: unknown command 'doctor credential'; did you mean credentials?"],
    ['doctor prod/db', "error: unknown command 'doctor prod/db'"],
    ['status prod/db', "error: too many arguments for 'status'. Expected 0 arguments but got 1."],
    [
      'stale -o yaml',
      "error: option '-o, --output <format>' argument 'yaml' is invalid. Allowed choices are table, wide, json, name.",
    ],
    ['plan', 'error: name what has changed: a secret, --parameter or --service'],
    ['plan prod/db --service prod/api', 'error: name either services, or secrets and parameters'],
    ['uses', 'error: name what has changed: a secret, --parameter or --service'],
    ['explain', "error: missing required argument 'cluster/service'"],
    ['explain prod', 'error: prod is neither cluster/service nor the ARN of a service'],
    ...['plan', 'redeploy', 'watch'].map(
      (command) =>
        [
          `${command} prod/db --at yesterday`,
          'error: wrong request, nothing was done: at: expected an instant in ISO 8601, such as 2026-11-22T03:10:00Z',
        ] as const,
    ),
    [
      'redeploy prod/db --detach --wait',
      'error: --detach leaves the rest to the service, and --wait follows it',
    ],
    [
      'redeploy prod/db --detach --local',
      'error: --detach leaves the rest to the installed service, and --local does without it',
    ],
    ['plan --service prod', 'error: prod is neither cluster/service nor the ARN of a service'],
    ['uses --service prod', 'error: prod is neither cluster/service nor the ARN of a service'],
  ] as const)('%s', async ([line, said], context) => {
    const sim = await account(context);
    const ran = await esr(sim, ...line.split(' '));
    expect(sentence(ran)).toBe(said);
    expect({ out: ran.out, code: ran.code }).toEqual({ out: '', code: 1 });
    expect(sim.ledger.calls).toEqual([]);
  });
});

describe.concurrent('a name that does not exist ends with 1 and says what may be meant:', () => {
  it.concurrent.for([
    ['stale prod/bd', `error: there is no secret prod/bd ${HERE}; did you mean prod/db?`],
    ['uses prod/other', `error: there is no secret prod/other ${HERE}`],
    ['plan DB', `error: DB is ambiguous ${HERE}: prod/db, prod/db-admin; name one of them in full`],
    [
      'uses arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/key',
      `error: there is no secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/key ${HERE}`,
    ],
    ['stale /prod/url', 'error: /prod/url is no secret but a parameter: use --parameter /prod/url'],
    ['stale --parameter /prod/uri', `error: there is no parameter /prod/uri ${HERE}`],
    ['explain prod/api-1 prod/bd', `error: there is no secret prod/bd ${HERE}; did you mean prod/db?`],
    ['explain prod/api-11', `error: there is no service prod/api-11 ${HERE}; did you mean prod/api-1?`],
    ['plan --service pord/api-1', `error: there is no cluster pord ${HERE}; did you mean prod?`],
    [
      'uses --service prod/api-11',
      `error: there is no service prod/api-11 ${HERE}; did you mean prod/api-1?`,
    ],
  ] as const)('%s', async ([line, said], context) => {
    const sim = await account(context);
    services(sim, changed(sim, 'prod/db'), 'prod', { stale: 1, fresh: 0 });
    changed(sim, 'prod/db-admin');
    sim.world.parameter({ name: '/prod/url' });
    const ran = await esr(sim, ...line.split(' '));
    expect(sentence(ran)).toBe(said);
    expect({ out: ran.out, code: ran.code }).toEqual({ out: '', code: 1 });
  });
});

describe.concurrent('what names no secret or parameter ends with 1 and is called what it is:', () => {
  const SERVICE_ARN = 'arn:aws:ecs:eu-west-1:111122223333:service/prod/api-1';
  const asService = (name: string) =>
    `error: ${name} is no secret but a service: "esr explain ${name}" says how it stands, and uses, plan, redeploy and watch take --service ${name}`;

  it.concurrent.for([
    ['stale', 'prod/api-1', asService('prod/api-1')],
    ['explain prod/api-1', 'prod/api-1', asService('prod/api-1')],
    ['stale', SERVICE_ARN, asService(SERVICE_ARN)],
    ['uses', SERVICE_ARN, asService(SERVICE_ARN)],
    ['uses', 'arn:aws:s3:::bucket', 'error: arn:aws:s3:::bucket is not the ARN of a secret'],
    ['plan', 'arn:', 'error: arn: is not the ARN of a secret'],
    [
      'uses',
      'arn:aws:secretsmanager:eu-west-1:111122223333:other:x',
      'error: arn:aws:secretsmanager:eu-west-1:111122223333:other:x is not the ARN of a secret',
    ],
    [
      'uses',
      'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db:password::',
      'error: arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db:password:: is a reference: leave out what stands behind the ARN of the secret',
    ],
    [
      'uses --parameter',
      'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db',
      'error: arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db is not the ARN of a parameter',
    ],
    [
      'uses',
      'arn:aws:ssm:eu-west-1:111122223333:document/x',
      'error: arn:aws:ssm:eu-west-1:111122223333:document/x is not the ARN of a parameter',
    ],
  ] as const)('%s %s', async ([command, name, said], context) => {
    const sim = await account(context);
    services(sim, changed(sim, 'prod/db'), 'prod', { stale: 1, fresh: 0 });
    const ran = await esr(sim, ...command.split(' '), name);
    expect(sentence(ran)).toBe(said);
    expect({ out: ran.out, code: ran.code }).toEqual({ out: '', code: 1 });
  });
});

describe.concurrent('AWS that cannot be asked ends with 2:', () => {
  it.concurrent('no credentials', async () => {
    const ran = await runEsr({ AWS_REGION: 'eu-west-1' }, ['stale']);
    expect(ran).toEqual({
      out: '',
      err:
        'error: no credentials: nothing is configured here: no keys in the environment and no profile with any, and AWS_EC2_METADATA_DISABLED ' +
        'keeps the SDK from asking an instance for its role; "esr doctor credentials" says what to do\n',
      code: 2,
    });
  });

  it.concurrent('a profile that does not exist, although there are keys in the environment', async (context) => {
    const sim = await account(context);
    const ran = await esr(sim, 'stale', '--profile', 'nobody');
    expect(ran.err).toBe(
      'error: no credentials: the profile nobody does not exist, and there is no other; "esr doctor credentials" says what to do\n',
    );
    expect(ran.code).toBe(2);
    expect(sim.ledger.calls).toEqual([]);
  });

  it.concurrent.for([
    [
      'keys that AWS does not know',
      'InvalidClientTokenId',
      'The security token included in the request is invalid.',
      'AWS does not accept these credentials: check --profile, the keys in the environment, and that the account has enabled the Region; "esr doctor credentials" shows which link of the SDK gives them',
    ],
    [
      'a clock that is wrong',
      'SignatureDoesNotMatch',
      'Signature expired: 20261122T031000Z is now earlier than 20261122T040500Z',
      'AWS refuses requests that are signed too early or too late: set the clock of this machine',
    ],
    [
      'credentials that have expired',
      'ExpiredToken',
      'The security token included in the request is expired',
      'the credentials have expired: log in again, for example with "aws sso login"; "esr doctor credentials" shows which link of the SDK gives them',
    ],
  ] as const)('%s', async ([, code, message, said], context) => {
    const sim = await account(context);
    const refused = { service: 'sts', operation: 'GetCallerIdentity', kind: 'client-error' } as const;
    sim.faults.add({ ...refused, code, message, status: 403 });
    const ran = await esr(sim, 'stale');
    expect(ran.err).toBe(`error: ${said}\n`);
    expect(ran.code).toBe(2);
  });

  it.concurrent('an endpoint that does not answer', async () => {
    const env = {
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_ACCESS_KEY_ID: 'X',
      AWS_SECRET_ACCESS_KEY: 'x',
    };
    const ran = await runEsr(env, ['stale']);
    expect(ran.err).toBe('error: AWS cannot be reached: check --region, the network and AWS_ENDPOINT_URL\n');
    expect(ran.code).toBe(2);
  });
});

describe.concurrent('the place', () => {
  it.concurrent('without a Region ends with 1', async () => {
    const ran = await runEsr({}, ['stale']);
    expect(ran).toEqual({ out: '', err: 'error: no Region: pass --region, or set AWS_REGION\n', code: 1 });
  });

  it.concurrent('that is no Region ends with 1, before AWS is asked', async (context) => {
    const sim = await account(context);
    const ran = await esr(sim, 'stale', '--region', 'eu-wst');
    expect(sentence(ran)).toBe(
      "error: option '--region <region>' argument 'eu-wst' is invalid. It is no name of a Region, such as eu-west-1.",
    );
    expect(ran.code).toBe(1);
    expect(sim.ledger.calls).toEqual([]);
  });

  it.concurrent('is that of the flags, before that of the environment and of the profile', async (context) => {
    const sim = await account(context);
    const folder = await mkdtemp(join(tmpdir(), 'esr-profile-'));
    context.onTestFinished(() => rm(folder, { recursive: true }));
    const config = join(folder, 'config');
    const keys = `aws_access_key_id = ${PERSON}\naws_secret_access_key = x\n`;
    await writeFile(config, `[profile prod]\nregion = eu-central-1\n${keys}`);
    const { AWS_ENDPOINT_URL = '' } = sim.env;
    const env = { AWS_CONFIG_FILE: config, AWS_ENDPOINT_URL };
    const flags = ['stale', '--profile', 'prod'];
    expect((await runEsr(env, flags)).err).toContain('· eu-central-1 · profile prod ·');
    expect((await runEsr({ ...env, AWS_DEFAULT_REGION: 'us-east-1' }, flags)).err).toContain('· us-east-1 ·');
    expect((await runEsr(env, [...flags, '--region', 'eu-west-2'])).err).toContain('· eu-west-2 ·');
    expect((await runEsr({ ...env, AWS_PROFILE: 'prod' }, ['stale'])).err).toContain('· profile prod ·');
  });
});

it('a name of a secret and of a service is the secret, and watch says so', async (context) => {
  const sim = await account(context);
  services(sim, changed(sim, 'prod/db'), 'prod', { stale: 0, fresh: 1 });
  changed(sim, 'prod/api-1');
  const both = await esr(sim, 'watch', 'prod/api-1');
  expect(both.err).toContain(
    'prod/api-1 is a secret and a service: the secret is watched, --service names the service',
  );
  expect(both.out).toBe('prod/api-1: no service refers to it\n');
  const service = await esr(sim, 'watch', '--service', 'prod/api-1');
  expect(service.out).toBe('prod/api-1: 1 of 1 service is fresh\n');
});

it.for(['app/expired-tokens', 'ENOTFOUND', 'SyntaxError'])(
  'a refusal is told as it is, whatever stands in the name of the secret: %s',
  async (name, context) => {
    const sim = await account(context);
    sim.world.cluster({ name: 'prod' });
    sim.faults.add({
      operation: 'DescribeSecret',
      kind: 'client-error',
      code: 'InvalidRequestException',
      times: Infinity,
    });
    const { err, code } = await esr(sim, 'plan', name);
    expect(err).toContain(`error: cannot describe secret ${name}: InvalidRequestException`);
    expect(code).toBe(2);
  },
);

it('several secrets to which no service refers are named as several', async (context) => {
  const sim = await account(context);
  changed(sim, 'prod/db');
  changed(sim, 'prod/key');
  const { out } = await esr(sim, 'watch', 'prod/db', 'prod/key');
  expect(out).toBe('prod/db and 1 other: no service refers to any of them\n');
});

it('no service that refers to what is named is an answer, and ends with 0', async (context) => {
  const sim = await account(context);
  changed(sim, 'prod/db');
  for (const [command, said] of [
    ['uses', '0 services refer to prod/db'],
    ['plan', 'prod/db changed 4 h ago: no service refers to it'],
    ['stale', 'prod/db changed 4 h ago: no service refers to it'],
  ] as const) {
    const ran = await esr(sim, command, 'prod/db');
    expect(ran.out.split('\n')[0]).toBe(said);
    expect(ran.code).toBe(0);
  }
});

it('of several names none is called it, and the last change is called the last', async (context) => {
  const sim = await account(context);
  changed(sim, 'prod/db');
  changed(sim, 'prod/key', 26 * 3_600_000);
  const plan = await esr(sim, 'plan', 'prod/db', 'prod/key');
  expect(plan.out).toBe('prod/db, prod/key changed last 4 h ago: no service refers to any of them\n');
  const stale = await esr(sim, 'stale', 'prod/db', 'prod/key');
  expect(stale.out).toBe('no service refers to any of them\n');
});
