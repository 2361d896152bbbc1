import { expect, test } from 'vitest';
import { type Sample, sampleEvents } from '../events/samples.ts';
import { redeploys, startLoop } from '../support/loop.ts';

const DAY = 86_400_000;
const HERE = '111122223333';
const THEIRS = '222233334444';
const VERSION = '0e5a7f1d-92c4-4b6e-8f30-1d6c5a2b7e94';
const LABEL = 'BLUE';

/** The sample as it happens in the other account, a moment ago. */
function forwardedNow({ event }: Sample, now: number): object {
  const there: object = JSON.parse(JSON.stringify(event).replaceAll(HERE, THEIRS));
  return { ...there, time: new Date(now).toISOString() };
}

/** The services that a sample concerns, of those that name the other account's resources. */
function concerned({ file, meaning, confirmed }: Sample): readonly string[] {
  if (meaning !== 'change' || confirmed === 'ignored') return [];
  if (file.startsWith('parameter-store')) return ['their-parameter'];
  return file.includes('custom-label') ? ['their-label'] : ['their-key', 'their-secret'];
}

test.each(sampleEvents().map((sample) => [sample.file, sample] as const))(
  '%s, forwarded by a trusted account, redeploys exactly the services that name what is there, and no namesake',
  async (_, sample) => {
    const loop = await startLoop({ trusts: [THEIRS], rolloutMs: 1_000 });
    const { world } = loop.sim;
    const now = loop.clock.now();
    const versions = [
      {
        id: VERSION,
        createdAt: now,
        labels: sample.file.includes('custom-label') ? [LABEL] : ['AWSCURRENT'],
      },
      { createdAt: now - DAY, labels: ['AWSPREVIOUS'] },
    ];
    const use = (name: string, secret: string) =>
      world.service({ name, secrets: [secret], startedAt: now - DAY });
    const spec = { name: 'prod/db', suffix: 'a1B2c3', versions, lastChangedAt: now, lastRotatedAt: now };
    const their = world.secret({ ...spec, place: { account: THEIRS } });
    use('their-secret', their.arn);
    use('their-key', `${their.partialArn}:password::`);
    use('their-label', `${their.partialArn}::${LABEL}:`);
    use('their-parameter', `arn:aws:ssm:eu-west-1:${THEIRS}:parameter/app/db/password`);
    const here = world.secret(spec);
    const far = world.secret({ ...spec, place: { region: 'us-east-1' } });
    for (const [name, { arn, partialArn }] of Object.entries({ here, far })) {
      use(`${name}-full`, arn);
      use(`${name}-label`, `${partialArn}:password:${LABEL}:`);
    }
    world.parameter({ name: '/app/db/password' });
    use('here-parameter', '/app/db/password');
    loop.clock.advance(3_000);
    loop.forward(forwardedNow(sample, now));
    await loop.run();
    const names = redeploys(loop).map(({ input }) => String(input['service']).split('/').at(-1) ?? '');
    expect(names.sort()).toEqual(concerned(sample));
    const gone = loop.records.filter(({ reason }) => reason === 'secret-gone');
    expect([
      ...gone,
      ...loop.told('change.ignored').filter(({ reason }) => reason === 'untrusted-account'),
    ]).toEqual([]);
  },
);
