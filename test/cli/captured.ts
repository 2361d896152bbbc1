import { setTimeout as sleep } from 'node:timers/promises';
import type { Statement } from '../simulator/iam/policy.ts';
import type { Simulator, SimulatorOptions } from '../simulator/index.ts';
import { installService } from '../support/installed.ts';
import { changed, HOUR, MINUTE } from './fleets.ts';
import type { Pressed } from './pty.ts';

/** A command line whose output is stored in captures/ and shown in docs/cli.md, and the account in which it runs. */
export type Captured = {
  readonly line: string;
  readonly world: (sim: Simulator) => void;
  readonly options?: SimulatorOptions;
  /** It does not end by itself: Ctrl-C leaves the last picture. */
  readonly pressed?: Pressed;
};

const INSTANTLY = { rolloutMs: 100 };
const NEVER = { rolloutMs: 24 * HOUR };

export const CAPTURED: readonly Captured[] = [
  ...[
    'stale prod/db',
    'stale',
    'uses prod/db',
    'uses --service prod/api',
    'plan prod/db',
    'explain prod/reports prod/db',
    'stale prod/bd',
  ].map((line) => ({ line, world: night })),
  { line: 'doctor', world: drifted },
  { line: 'doctor access prod/db', world: roles },
  { line: 'watch prod/db --timeout 2s', world: rollout, options: NEVER },
  { line: 'watch prod/db', world: rollout, options: NEVER, pressed: { until: /wave 0: /, keys: ['C-c'] } },
  { line: 'redeploy prod/db --local', world: night, options: INSTANTLY },
  { line: 'redeploy prod/db', world: serving, options: INSTANTLY },
  ...['status', 'stop --yes', 'resume', 'exclude prod/api', 'include prod/api', 'replay'].map((line) => ({
    line,
    world: installed,
  })),
];

/** Where the output of a command line is stored: `captures/stale-prod-db.80.txt`. */
export function captureOf(line: string, means: '80' | '200' | 'pipe'): string {
  return `captures/${line.replaceAll(/[^a-z0-9]+/g, '-')}.${means}.txt`;
}

/** Instants, ids, and the seconds at the end of a line, differ from run to run. */
export function asStored(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\d/g, '2026-11-22')
    .replaceAll(/\d\d:\d\d:\d\d(?:\.\d+)?(Z?)/g, '03:10:00$1')
    .replaceAll(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, '0f3c1a52-8d1e-4b7c-9a55-3c1f0e6d2b47')
    .replaceAll(/\b\d+ s$/gm, '9 s');
}

/** A small account at night: a password was rotated four hours ago, and its event was lost. */
function night(sim: Simulator): void {
  const db = changed(sim, 'prod/db');
  const key = changed(sim, 'prod/payment-key', 30 * MINUTE);
  const service = (name: string, ago: number, more: Parameters<Simulator['world']['service']>[0] = {}) =>
    sim.world.service({ cluster: 'prod', name, secrets: [db.arn], startedAt: Date.now() - ago, ...more });
  service('api', 30 * HOUR, { secrets: [`${db.partialArn}:password::`, key.arn] });
  service('checkout', 6 * HOUR, {
    secrets: [db.name.replace('prod/', '/aws/reference/secretsmanager/prod/')],
  });
  service('worker', 30 * HOUR, { tags: { 'secret-redeploy:wave': '1' } });
  service('reports', 2 * HOUR);
  const taskSets = [{ running: 1, startedAt: Date.now() - 50 * HOUR }];
  service('legacy', 50 * HOUR, { controller: 'CODE_DEPLOY', taskSets });
  service('audit', 50 * HOUR, { secrets: [`${db.arn}:::${db.versionId}`] });
  service('night-batch', 50 * HOUR, { desired: 0 });
  service('search', 9 * HOUR, { tags: { 'secret-redeploy:enabled': 'false' } });
  service('mailer', 20 * MINUTE, { secrets: [key.arn] });
}

/** The installed service after a hand in the console: a rule is disabled, a role has lost a permission, and a message is given up. */
function drifted(sim: Simulator): void {
  const { world } = sim;
  const { id } = installService(sim, { createdAt: Date.now() - 30 * 24 * HOUR });
  const rule = world.installed.rules.get(id('ParameterChangedRule'));
  if (rule !== undefined) rule.state = 'DISABLED';
  const denial = { Statement: { Effect: 'Deny', Action: 'ecs:UpdateService', Resource: '*' } };
  const on = { RoleName: id('OnChangeRole'), PolicyName: 'freeze', PolicyDocument: JSON.stringify(denial) };
  sim.act('iam', 'PutRolePolicy', on);
  sim.act('sqs', 'SendMessage', { QueueUrl: id('ChangeDeadLetterQueue'), MessageBody: '{}' });
  world.installed.trails.clear();
  atWork(sim, Date.now() - 2.5 * HOUR);
}

/** Before a rotation: three roles read the secret, one has lost a permission, and one is restricted to an endpoint. */
function roles({ world }: Simulator): void {
  const db = world.secret({ name: 'prod/db', suffix: 'Ab1cD2' });
  const read: Statement = { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: '*' };
  const Condition = { StringEquals: { 'aws:SourceVpce': 'vpce-0a1b2c3d' } };
  const service = (name: string, inline: readonly Statement[]) =>
    world.service({
      cluster: 'prod',
      name,
      secrets: [`${db.partialArn}:password::`],
      executionRole: world.role({ name: `prod-${name}`, inline }).arn,
    });
  service('api', [read]);
  service('checkout', [{ ...read, Resource: 'arn:aws:secretsmanager:*:*:secret:prod/payment-*' }]);
  service('search', [{ ...read, Condition }]);
  service('worker', [read]);
}

/** A password was rotated five minutes ago, and services are being redeployed. */
function rollout({ world, ...sim }: Simulator): void {
  const db = changed({ world, ...sim }, 'prod/db', 5 * MINUTE);
  const service = (name: string, more: Parameters<typeof world.service>[0]) =>
    world.service({ cluster: 'prod', name, secrets: [db.arn], desired: 4, ...more });
  const ago = (minutes: number) => Date.now() - minutes * MINUTE - 20_000;
  const older = [{ startedAt: ago(600), running: 3 }];
  service('api', { startedAt: ago(3), running: 2, older });
  service('checkout', { startedAt: ago(4) });
  service('search', { startedAt: ago(4), rolloutState: 'FAILED', running: 0, older });
  service('worker', { startedAt: ago(600), tags: { 'secret-redeploy:wave': '1' } });
}

/** The installed service redeploys what it is asked for, wave by wave. */
function serving(sim: Simulator): void {
  night(sim);
  const redeploy = (service: string) =>
    sim.act('ecs', 'UpdateService', { cluster: 'prod', service, forceNewDeployment: true });
  const serve = async () => {
    redeploy('api');
    redeploy('checkout');
    await sleep(1_000);
    return redeploy('worker');
  };
  sim.world.stack({ handlers: { 'on-request': serve } });
}

/** The installed service, which has given up one message. */
function installed(sim: Simulator): void {
  night(sim);
  const { world } = sim;
  const dead = world.queue({ name: 'dead' });
  const queues = {
    ChangeQueue: world.queue({ name: 'changes', maxReceiveCount: 5, deadLetters: dead }),
    CloudTrailQueue: world.queue({ name: 'fallback' }),
    ChangeDeadLetterQueue: dead,
    RuleDeadLetterQueue: world.queue({ name: 'lost' }),
  };
  const name = 'ecs-secret-redeploy-prod-dead-letters';
  world.stack({
    resources: {
      ...Object.fromEntries(
        Object.entries(queues).map(([id, { url }]) => [id, { type: 'AWS::SQS::Queue', physicalId: url }]),
      ),
      DeadLettersAlarm: { type: 'AWS::CloudWatch::Alarm', physicalId: name },
    },
  });
  sim.act('sqs', 'SendMessage', { QueueUrl: queues.ChangeDeadLetterQueue.url, MessageBody: '{}' });
  const at = Date.now() - 2.5 * HOUR;
  atWork(sim, at);
  world.alarm({
    name,
    state: 'ALARM',
    changedAt: at,
    description: 'Messages were given up. First: saved query "failures" tells the cause.',
  });
}

/** The service had an event and made a sweep. */
function atWork({ world }: Simulator, at: number): void {
  const own = { service: 'ecs-secret-redeploy', stage: 'prod' };
  const sweeps = { FunctionName: 'ecs-secret-redeploy-prod-on-schedule' };
  world.datum({ namespace: 'SecretRedeploy', metric: 'Changes', dimensions: own, at, value: 1 });
  world.datum({ namespace: 'AWS/Lambda', metric: 'Invocations', dimensions: sweeps, at, value: 1 });
}
