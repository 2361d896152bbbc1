import { describe, expect, it } from 'vitest';
import { simulate } from './testing.ts';

describe('the list of stale tasks', () => {
  it('names the tasks that hold an older value, each with the instant of the change', async () => {
    const { sim, clock } = await simulate();
    const secret = sim.world.secret({ name: 'prod/db' });
    const web = sim.world.service({ name: 'web', desired: 2, secrets: [secret.arn] });
    sim.world.service({ name: 'other', secrets: ['/a/parameter'] });
    expect(sim.staleTasks(secret.arn)).toEqual([]);
    clock.advance(10_000);
    const changedAt = clock.now();
    const { versionId } = sim.rotateSecret('prod/db');
    clock.advance(30_000);
    const stale = sim.staleTasks(secret.arn);
    expect(stale).toHaveLength(2);
    expect(stale[0]).toMatchObject({
      serviceArn: web.arn,
      held: secret.versionId,
      current: versionId,
      since: changedAt,
    });
  });

  it('leaves tasks out once they are replaced by any cause, or once the label has moved back', async () => {
    const { sim, clock } = await simulate();
    const secret = sim.world.secret({ name: 'prod/db' });
    const deployed = sim.world.service({ name: 'deployed', secrets: [secret.arn] });
    const crashed = sim.world.service({ name: 'crashed', secrets: [secret.arn] });
    sim.world.service({ name: 'waiting', secrets: [secret.arn] });
    const { versionId } = sim.rotateSecret('prod/db');
    sim.world.deploy(deployed);
    sim.world.replaceTasks(crashed);
    clock.advance(10_000);
    expect(sim.staleTasks(secret.arn).map(({ serviceArn }) => serviceArn.split('/').at(-1))).toEqual([
      'waiting',
    ]);
    sim.act('secretsmanager', 'UpdateSecretVersionStage', {
      SecretId: 'prod/db',
      VersionStage: 'AWSCURRENT',
      RemoveFromVersionId: versionId,
      MoveToVersionId: secret.versionId,
    });
    expect(sim.staleTasks(secret.arn).map(({ serviceArn }) => serviceArn.split('/').at(-1))).toEqual([
      'deployed',
      'crashed',
    ]);
  });

  it('leaves out services that are not ACTIVE', async () => {
    const { sim } = await simulate();
    const secret = sim.world.secret({ name: 'prod/db' });
    sim.world.service({ secrets: [secret.arn], status: 'DRAINING' });
    sim.rotateSecret('prod/db');
    expect(sim.staleTasks(secret.arn)).toEqual([]);
  });

  it.each([
    [0, 1],
    [1, 0],
  ])(
    'depends on when a task reads its secrets, from its creation (0) to its start (1): %i',
    async (readsAt, stale) => {
      const { sim, clock } = await simulate({ readsAt, rolloutMs: 60_000 });
      const secret = sim.world.secret({ name: 'prod/db' });
      const service = sim.world.service({ secrets: [secret.arn] });
      sim.world.deploy(service);
      clock.advance(30_000);
      sim.rotateSecret('prod/db');
      clock.advance(60_000);
      expect(sim.staleTasks(secret.arn)).toHaveLength(stale);
    },
  );

  it('follows the label that a reference names', async () => {
    const { sim } = await simulate();
    const secret = sim.world.secret({
      name: 'prod/db',
      versions: [
        { id: 'v2', labels: ['AWSCURRENT'] },
        { id: 'v1', labels: ['AWSPREVIOUS'] },
        { id: 'v0', labels: ['canary'] },
      ],
    });
    const forms = {
      plain: secret.arn,
      partial: secret.partialArn,
      json: `${secret.arn}:password::`,
      previous: `${secret.arn}::AWSPREVIOUS:`,
      canary: `${secret.arn}::canary:`,
      pinned: `${secret.arn}:::v2`,
      passThrough: '/aws/reference/secretsmanager/prod/db',
      parameter: 'prod/db',
    };
    for (const [name, valueFrom] of Object.entries(forms)) sim.world.service({ name, secrets: [valueFrom] });
    sim.rotateSecret('prod/db');
    expect(sim.staleTasks(secret.arn).map(({ serviceArn }) => serviceArn.split('/').at(-1))).toEqual([
      'plain',
      'partial',
      'json',
      'previous',
      'passThrough',
    ]);
  });

  it('covers every place that a redeploy can refresh, but not the pull credentials', async () => {
    const { sim, clock } = await simulate();
    const { arn } = sim.world.parameter({ name: '/app/key' });
    const places = {
      secrets: { secrets: ['/app/key'] },
      log: { logSecrets: [arn] },
      credentials: { credentialSpecs: [`credentialspecdomainless:${arn}`] },
      docker: { dockerSecurityOptions: [`credentialspec:${arn}`] },
      overruled: {
        credentialSpecs: ['credentialspec:file://spec.json'],
        dockerSecurityOptions: [`credentialspec:${arn}`],
      },
      fsx: { fsxCredentials: [arn] },
      environment: { environment: { KEY: arn } },
      pull: { pullCredentials: arn },
    };
    for (const [name, spec] of Object.entries(places)) {
      sim.world.service({ name, taskDefinition: sim.world.taskDefinition({ family: name, ...spec }) });
    }
    sim.world.service({ name: 'mesh', serviceConnectSecrets: [arn] });
    sim.world.service({ name: 'task-set', controller: 'EXTERNAL', secrets: [arn] });
    clock.advance(1000);
    sim.act('ssm', 'PutParameter', { Name: '/app/key', Value: 'new', Overwrite: true });
    expect(sim.staleTasks(arn).map(({ serviceArn }) => serviceArn.split('/').at(-1))).toEqual([
      'secrets',
      'log',
      'credentials',
      'docker',
      'fsx',
      'mesh',
      'task-set',
    ]);
  });

  it('is accompanied by heldBy, which shows the version that each task holds', async () => {
    const { sim } = await simulate();
    const secret = sim.world.secret({ name: 'prod/db' });
    const service = sim.world.service({ secrets: [secret.arn], desired: 2 });
    sim.rotateSecret('prod/db');
    const held = [...sim.heldBy(service).values()].map((versions) => versions.get(secret.arn));
    expect(held).toEqual([secret.versionId, secret.versionId]);
  });
});

describe('a fleet of 5,000 services', () => {
  it('is built within two seconds of computing time and described within five milliseconds', async () => {
    const { sim } = await simulate({ throttling: false });
    const secret = sim.world.secret({ name: 'prod/db' });
    const begin = cpuMs();
    for (let i = 0; i < 5000; i++) {
      sim.world.service({ cluster: `c${i % 20}`, desired: 3, secrets: [secret.arn] });
    }
    expect(cpuMs() - begin).toBeLessThan(2000);

    const services = Array.from({ length: 10 }, (_, i) => `service-${i + 1}`);
    const rounds = 50;
    const start = cpuMs();
    for (let i = 0; i < rounds; i++) {
      sim.act('ecs', 'DescribeServices', { cluster: `c${i % 20}`, services, include: ['TAGS'] });
    }
    expect((cpuMs() - start) / rounds).toBeLessThan(5);
  });
});

/** The computing time of this process so far, which other processes do not lengthen. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
