import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type Answer, answerIn, faultsOf, LIMIT_MS } from './credentials/judge.ts';
import {
  fitsLoopback,
  type Observed,
  observeIn,
  observeOnLoopback,
  withoutNamespaces,
} from './credentials/networks.ts';
import { KEYS, SENTINEL, SITUATIONS } from './credentials/situations.ts';
import { runEsr } from './terminal.ts';

const missing = withoutNamespaces();

describe('doctor credentials, in networks of its own', () => {
  if (missing !== undefined)
    it('cannot be tried here', ({ skip }) => {
      expect(process.env['CI'], missing).toBeUndefined();
      skip(missing);
    });

  describe.runIf(missing === undefined).concurrent('finds what there is:', () => {
    it.concurrent.for(SITUATIONS.map((one) => [one.environment, one] as const))(
      '%s',
      async ([, situation], { expect }) => {
        const observed = await observeIn(situation);
        expect(faultsOf(situation, observed, { whole: true })).toEqual([]);
        await expect(printed(observed.pipe.out)).toMatchFileSnapshot(
          `credentials/captures/${situation.id}.txt`,
        );
      },
    );
  });
});

describe.concurrent('doctor credentials, on the loopback, finds the links:', () => {
  // Where there are namespaces, a few show that this way still works.
  const those = SITUATIONS.filter(fitsLoopback)
    .filter((_, i) => missing !== undefined || i % 6 === 0)
    .map((one) => [one.environment, one] as const);
  it.concurrent.for(those)('%s', async ([, situation], { expect }) => {
    expect(faultsOf(situation, await observeOnLoopback(situation), { whole: false })).toEqual([]);
  });
});

describe.runIf(missing === undefined)('a wrong finding is found wrong:', () => {
  const situation = SITUATIONS.find(({ id }) => id === 'shell-profile-and-keys');
  const wrongly: readonly (readonly [
    what: string,
    change: (observed: Observed) => Observed,
    told: string,
  ])[] = [
    [
      'another link is said to be taken',
      inJson((one) => ({ ...one, taken: 'environment' })),
      'the SDK takes',
    ],
    ['no link is said to be taken', inJson((one) => ({ ...one, taken: null })), 'taken: null'],
    ['a finding is missing', inJson((one) => ({ ...one, findings: [] })), 'findings: []'],
    [
      'a finding is invented',
      inJson((one) => ({
        ...one,
        findings: [...one.findings, { level: 'wrong', code: 'off', finding: 'x', todo: 'y' }],
      })),
      'findings: ["profile-and-keys","off"]',
    ],
    [
      'a finding does not say what to do',
      inJson((one) => ({ ...one, findings: one.findings.map((finding) => ({ ...finding, todo: '' })) })),
      'without what to do',
    ],
    ['another place', inJson((one) => ({ ...one, where: 'an EC2 instance' })), 'place'],
    [
      'another state of the metadata service',
      inJson((one) => ({ ...one, metadata: { state: 'refused' } })),
      'metadata',
    ],
    [
      'a link gives something else',
      inJson((one) => ({
        ...one,
        links: one.links.map((link) =>
          link.link === 'environment' ? { ...link, kind: 'unanswered' } : link,
        ),
      })),
      'links',
    ],
    ['a secret is printed', inPipe((text) => `${text}${SENTINEL}`), `${SENTINEL} is printed`],
    ['a whole key id is printed', inPipe((text) => `${text}${KEYS.session}`), `${KEYS.session} is printed`],
    ['it takes too long', (one) => ({ ...one, json: { ...one.json, ms: LIMIT_MS } }), 'it took 6000 ms'],
    ['it ends with another code', (one) => ({ ...one, json: { ...one.json, code: 0 } }), 'exit code'],
    [
      'the SDK takes other credentials',
      (one) => ({ ...one, sdk: { ...one.json, out: JSON.stringify({ key: KEYS.session }) } }),
      'the SDK takes',
    ],
    ['the SDK takes none', (one) => ({ ...one, sdk: { ...one.json, out: '{}' } }), 'the SDK takes nothing'],
  ];
  let observed: Promise<Observed> | undefined;
  const seen = async () => {
    if (situation === undefined) throw new Error('the situation is gone');
    observed ??= observeIn(situation);
    return { situation, observed: await observed };
  };

  it.for(wrongly)('%s', async ([, change, told]) => {
    const { situation, observed } = await seen();
    expect(faultsOf(situation, observed, { whole: true })).toEqual([]);
    expect(faultsOf(situation, change(observed), { whole: true }).join('\n')).toContain(told);
  });

  it('a command does not name the cause', async () => {
    const [, situation] = SITUATIONS;
    if (situation === undefined) throw new Error('the situation is gone');
    const observed = await observeIn(situation);
    const silent = { ...observed, command: { ...observed.pipe, err: 'error: no credentials\n' } };
    expect(faultsOf(situation, silent, { whole: true })).toEqual([expect.stringContaining('a command says')]);
  });
});

it.runIf(missing === undefined)(
  'asks the links together, and waits for none of them longer than it may',
  async () => {
    const situation = SITUATIONS.find(({ id }) => id === 'all-silent');
    if (situation === undefined) throw new Error('the situation is gone');
    const observed = await observeIn(situation);
    const spent = answerIn(observed).links.reduce((sum, { ms = 0 }) => sum + ms, 0);
    expect(spent).toBeGreaterThan(LIMIT_MS);
    expect(observed.json.ms).toBeLessThan(LIMIT_MS);
  },
);

it('ends with Ctrl-C, whatever it waits for', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const asked = once(server, 'connection');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const env = {
    AWS_EC2_METADATA_DISABLED: 'false',
    AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${port}`,
  };
  const ran = runEsr({ AWS_REGION: 'eu-west-1', ...env }, ['doctor', 'credentials'], (child) => {
    void asked.then(() => child.kill('SIGINT'));
  });
  expect(await ran).toEqual({ out: '', err: '', code: 130 });
  server.close();
});

function inJson(change: (answer: Answer) => object): (observed: Observed) => Observed {
  return (observed) => ({
    ...observed,
    json: { ...observed.json, out: JSON.stringify(change(answerIn(observed))) },
  });
}

function inPipe(change: (text: string) => string): (observed: Observed) => Observed {
  return (observed) => ({ ...observed, pipe: { ...observed.pipe, out: change(observed.pipe.out) } });
}

/** How long something took is another time in each run. */
const printed = (out: string): string => out.replaceAll(/\d\.\d s\b/g, '0.0 s');
