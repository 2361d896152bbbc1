import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { changed, HOUR, services } from './fleets.ts';
import { HAS_TMUX, inTmux } from './pty.ts';
import { account, esr, esrUntil, runEsrIn } from './terminal.ts';

/** Services whose rollouts go on for as long as a test looks at them. */
async function longRollouts(context: Parameters<typeof account>[0]) {
  const sim = await account(context, { rolloutMs: 24 * HOUR });
  services(sim, changed(sim, 'prod/db'), 'prod', { stale: 11, fresh: 0 });
  return sim;
}

const LOCAL = ['redeploy', 'prod/db', '--local', '--yes'] as const;
const FINISHES = /^to finish it: esr redeploy prod\/db --local --yes --at \S+$/m;

describe.concurrent('a signal ends a redeploy in good order, and what finishes it is printed:', () => {
  it.concurrent.for([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s', async ([signal, expected], context) => {
    const sim = await longRollouts(context);
    const { err, code } = await esrUntil(sim, / progressing/, { args: LOCAL, signal });
    expect(err).toMatch(FINISHES);
    expect(code).toBe(expected);
  });
});

describe.runIf(HAS_TMUX).concurrent('on a terminal with live lines', () => {
  it.concurrent('Ctrl-C ends a redeploy in good order, and the command that finishes it is whole', async (context) => {
    const sim = await longRollouts(context);
    const { screen, code } = await inTmux(sim, 60, LOCAL, { until: /progressing/, keys: ['C-c'] });
    expect(screen).toContain('prod/api-1   0     progressing  0/1  1');
    expect(screen).toMatch(FINISHES);
    expect(code).toBe(130);
  });

  it.concurrent.for([
    ['Ctrl-D', 'C-d'],
    ['Enter', 'Enter'],
  ] as const)('%s at a question is no answer, and nothing is done', async ([, key], context) => {
    const sim = await longRollouts(context);
    const asks = { until: /redeploy 11 services\? \[y\/N\]/, keys: [key] };
    const { screen, code } = await inTmux(sim, 80, LOCAL.slice(0, 3), asks);
    expect(screen).toContain('nothing was done');
    expect(code).toBe(1);
    expect(sim.ledger.count('ecs', 'UpdateService')).toBe(0);
  });
});

describe.runIf(HAS_TMUX)('at a question', () => {
  it('Ctrl-C ends the command, and nothing is done', async (context) => {
    const sim = await longRollouts(context);
    const asks = { until: /redeploy 11 services\? \[y\/N\]/, keys: ['C-c'] };
    const { code } = await inTmux(sim, 80, LOCAL.slice(0, 3), asks);
    expect(code).toBe(130);
    expect(sim.ledger.count('ecs', 'UpdateService')).toBe(0);
  });
});

describe.concurrent('output that is not read', () => {
  it.concurrent('ends a command that only reads, without a word', async (context) => {
    const sim = await longRollouts(context);
    const { out } = await runEsrIn('esr uses prod/db --all | head -n 1; echo "$PIPESTATUS"', sim);
    expect(out).toBe('11 services refer to prod/db\n0\n');
  });

  it.concurrent('does not end a redeploy', async (context) => {
    const sim = await account(context, { rolloutMs: 100 });
    services(sim, changed(sim, 'prod/db'), 'prod', { stale: 2, fresh: 0 });
    const { out } = await runEsrIn('esr redeploy prod/db --local 2>&1 | head -n 1; echo "$PIPESTATUS"', sim);
    expect(out).toMatch(/\n0\n$/);
    expect(sim.ledger.count('ecs', 'UpdateService')).toBe(2);
  });

  it.runIf(existsSync('/dev/full'))('because the disk is full ends with 1 and says so', async (context) => {
    const sim = await longRollouts(context);
    const { err, code } = await runEsrIn('esr uses prod/db > /dev/full', sim);
    expect(err).toMatch(/^error: the output could not be written: ENOSPC/m);
    expect(code).toBe(1);
  });
});

it('without a name in it an argument is wrong usage: a variable of a shell may be empty', async (context) => {
  const sim = await account(context);
  for (const args of [
    ['stale', ''],
    ['uses', ' '],
    ['stale', '-c', ''],
    ['plan', '--parameter', ''],
  ]) {
    const { err, code } = await esr(sim, ...args);
    expect(err).toMatch(/^error: (?:a name|--clusters|--parameter) is empty\n$/);
    expect(code).toBe(1);
  }
  expect(sim.ledger.calls).toEqual([]);
});
