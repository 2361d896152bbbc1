// Deploys the stack for real, into moto: the template is accepted, the sample events on the bus arrive in the right queues
// and only there, and `osls remove` leaves nothing. A second opinion on the rules, too: moto matches patterns with
// code of its own. Run from the root of the project: `node test/infra/moto-deploy.mjs`.
// Where moto_server or the aws command is missing it says so and ends well, unless CI=true or MOTO=required.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { copyService, osls } from '../../infra/package-offline.mjs';

const run = promisify(execFile);
const STACK = 'ecs-secret-redeploy-prod';

const missing = await missingOf(['moto_server', 'aws']);
if (missing.length === 0) {
  await deployAndRemove();
} else {
  console.log(`skipped: not installed: ${missing.join(', ')}`);
  const required = process.env.CI === 'true' || process.env.MOTO === 'required';
  process.exitCode = required ? 1 : 0;
}

async function deployAndRemove() {
  const folder = await mkdtemp(join(tmpdir(), 'moto-deploy-'));
  const moto = await startMoto();
  try {
    const env = environment(moto.endpoint, folder);
    // The endpoint once more, as an option: `aws sqs` of some versions does not ask the environment.
    const aws = async (...args) => {
      const { stdout } = await run('aws', ['--endpoint-url', moto.endpoint, '--output', 'json', ...args], {
        env,
      });
      return stdout.trim() === '' ? {} : JSON.parse(stdout);
    };
    await copyService(folder);

    // Without the delay, so that what the second queue holds can be received at once.
    await step('osls deploy', () => osls(['deploy', '--param=cloudTrailDelaySeconds=0'], folder, env));
    await step('stop polling', () => stopPolling(aws));
    await step('events', () => eventsArrive(aws));
    await step('osls remove', () => osls(['remove'], folder, env));
    await step('nothing left', () => nothingIsLeft(aws));
  } finally {
    moto.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** moto would hand the messages to the function, which it cannot run, until they are dead letters. */
async function stopPolling(aws) {
  const { EventSourceMappings: mappings } = await aws('lambda', 'list-event-source-mappings');
  assert.equal(mappings.length, 2);
  for (const { UUID } of mappings)
    await aws('lambda', 'update-event-source-mapping', '--uuid', UUID, '--no-enabled');
}

async function eventsArrive(aws) {
  const expected = JSON.parse(await readFile('events/expected.json', 'utf8'));
  const samples = await Promise.all(
    Object.entries(expected).map(async ([file, { rules }]) => ({
      file,
      rules,
      event: JSON.parse(await readFile(join('events', file), 'utf8')),
    })),
  );
  // PutEvents takes ten at a time. moto, unlike AWS, lets anybody speak for aws.*.
  for (let at = 0; at < samples.length; at += 10) {
    const entries = samples.slice(at, at + 10).map(({ event }) => ({
      Source: event.source,
      DetailType: event['detail-type'],
      Resources: event.resources,
      Detail: JSON.stringify(event.detail),
    }));
    const { FailedEntryCount: failed } = await aws(
      'events',
      'put-events',
      '--entries',
      JSON.stringify(entries),
    );
    assert.equal(failed, 0);
  }

  const urls = await queuesOf(aws);
  // moto gives events ids of its own; the detail tells them apart.
  const files = new Map(samples.map(({ file, event }) => [JSON.stringify(event.detail), file]));
  for (const [queue, logicalId] of [
    ['changes', 'ChangeQueue'],
    ['cloudtrail', 'CloudTrailQueue'],
  ]) {
    const bodies = await drain(aws, urls[logicalId]);
    const arrived = bodies.map((body) => files.get(JSON.stringify(JSON.parse(body).detail)));
    assert.deepEqual(
      arrived.sort(),
      samples
        .filter(({ rules }) => rules === queue)
        .map(({ file }) => file)
        .sort(),
    );
    console.log(`  ${queue}: ${arrived.length} of ${samples.length} events, the right ones`);
  }
  for (const logicalId of ['ChangeDeadLetterQueue', 'RuleDeadLetterQueue'])
    assert.deepEqual(await drain(aws, urls[logicalId]), []);
}

/** The queues' URLs by logical id. (The outputs have them as well, but moto forgets outputs when a stack is updated.) */
async function queuesOf(aws) {
  const args = ['cloudformation', 'describe-stack-resources', '--stack-name', STACK];
  const { StackResources: resources } = await aws(...args);
  const queues = resources.filter(({ ResourceType }) => ResourceType === 'AWS::SQS::Queue');
  return Object.fromEntries(queues.map((queue) => [queue.LogicalResourceId, queue.PhysicalResourceId]));
}

async function drain(aws, url) {
  const bodies = [];
  for (;;) {
    const { Messages: messages = [] } = await aws(
      'sqs',
      'receive-message',
      '--queue-url',
      url,
      '--max-number-of-messages',
      '10',
    );
    if (messages.length === 0) return bodies;
    bodies.push(...messages.map(({ Body }) => Body));
  }
}

async function nothingIsLeft(aws) {
  const leftovers = await Promise.all([
    aws(
      'cloudformation',
      'list-stacks',
      '--query',
      "StackSummaries[?StackStatus!='DELETE_COMPLETE'].StackName",
    ),
    aws('sqs', 'list-queues', '--query', 'QueueUrls || `[]`'),
    aws('events', 'list-rules', '--query', 'Rules[].Name'),
    aws('lambda', 'list-functions', '--query', 'Functions[].FunctionName'),
    aws('lambda', 'list-event-source-mappings', '--query', 'EventSourceMappings[].EventSourceArn'),
    aws('iam', 'list-roles', '--query', 'Roles[].RoleName'),
    aws('logs', 'describe-log-groups', '--query', 'logGroups[].logGroupName'),
    aws('s3api', 'list-buckets', '--query', 'Buckets[].Name'),
  ]);
  assert.deepEqual(leftovers.flat(), []);
}

async function startMoto() {
  const port = await freePort();
  // A group of its own: what moto_server may start ends with it.
  const server = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
    detached: true,
  });
  const stop = () => {
    try {
      process.kill(-server.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  process.once('exit', stop);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

  const endpoint = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 150; tries++) {
    if (server.exitCode !== null) throw new Error(`moto_server ended with exit code ${server.exitCode}`);
    const answered = await fetch(`${endpoint}/moto-api/`).then(
      (response) => response.ok,
      () => false,
    );
    if (answered) return { endpoint, stop };
    await sleep(200);
  }
  stop();
  throw new Error('moto_server did not answer within 30 s');
}

function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

/** Nothing of the caller's own account gets in, and nothing gets out to AWS. */
function environment(endpoint, folder) {
  const { PATH, HOME } = process.env;
  return {
    PATH,
    HOME,
    AWS_CONFIG_FILE: join(folder, 'no-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'no-credentials'),
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: 'testing',
    AWS_SECRET_ACCESS_KEY: 'testing',
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_PAGER: '',
  };
}

async function missingOf(tools) {
  const found = await Promise.all(
    tools.map((tool) =>
      run(tool, ['--help']).then(
        () => true,
        (error) => error.code !== 'ENOENT',
      ),
    ),
  );
  return tools.filter((_, index) => !found[index]);
}

async function step(name, work) {
  const began = Date.now();
  await work();
  console.log(`${name}: ok (${((Date.now() - began) / 1000).toFixed(1)} s)`);
}
