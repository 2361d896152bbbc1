import { describe, expect, it } from 'vitest';
import { RULES } from '../../functions/core/plan/rules.ts';
import { changed, HOUR, services } from './fleets.ts';
import { account, esr } from './terminal.ts';

/** The rules that a table of `explain` shows, with what they say. */
const saidIn = (out: string): readonly string[] =>
  out
    .split('\n')
    .flatMap((line) => /^([a-z-]+(?:, [a-z-]+)*) {2,}(yes|no) /.exec(line)?.slice(1, 3).join(': ') ?? []);

describe.concurrent('explain', () => {
  it.concurrent('gives the reason in a sentence, and each rule up to the one that decides', async (context) => {
    const sim = await account(context);
    services(sim, changed(sim, 'prod/db'), 'prod', { stale: 0, fresh: 1 });
    const { out, code } = await esr(sim, 'explain', 'prod/api-1', 'prod/db');
    expect(out).toMatch(
      /^prod\/api-1 would be left alone, already-fresh: the change was at [\d-]+ [\d:]+Z; PRIMARY was created at [\d-]+ [\d:]+Z, after it\n/,
    );
    const said = saidIn(out);
    const fresh = RULES.findIndex(({ reasons }) => reasons.includes('already-fresh'));
    expect(said).toHaveLength(fresh + 1);
    expect(said.at(-1)).toBe('already-fresh: yes');
    expect(said.slice(0, -1).filter((line) => !line.endsWith(': no'))).toEqual([]);
    expect(code).toBe(0);
  });

  it.concurrent('shows every rule where none stands against a redeploy', async (context) => {
    const sim = await account(context);
    services(sim, changed(sim, 'prod/db'), 'prod', { stale: 1, fresh: 0 });
    const { out } = await esr(sim, 'why', 'prod/api-1');
    expect(out).toMatch(/^prod\/api-1 would be redeployed: the change was at .*, before it\n/);
    const said = saidIn(out);
    expect(said.slice(0, RULES.length)).toEqual(RULES.map(({ reasons }) => `${reasons.join(', ')}: no`));
    expect(said.at(-1)).toBe('reference-gone, rotation-unfinished: no');
  });

  it.concurrent('looks at the other services too: one of an earlier wave holds this one back', async (context) => {
    const sim = await account(context);
    const secret = changed(sim, 'prod/db');
    services(sim, secret, 'prod', { stale: 1, fresh: 0 });
    sim.world.service({
      cluster: 'prod',
      name: 'batch',
      secrets: [secret.arn],
      startedAt: Date.now() - 5 * HOUR,
      tags: { 'secret-redeploy:wave': '1' },
    });
    const { out } = await esr(sim, 'explain', 'prod/batch', 'prod/db');
    expect(out.split('\n')[0]).toBe(
      'prod/batch would wait, earlier-wave: wave 1; services of earlier waves that are not fresh yet: 1',
    );
  });

  it.concurrent.for([
    ['prod/other', 'prod/other is left alone: none of its references names what was asked about'],
    ['test/api-1', 'test/api-1 is left alone: its cluster is not among the clusters of the settings'],
  ] as const)('says why nothing is decided about %s', async ([service, sentence], context) => {
    const sim = await account(context);
    services(sim, changed(sim, 'prod/db'), 'prod', { stale: 1, fresh: 0 });
    services(sim, changed(sim, 'test/db'), 'test', { stale: 1, fresh: 0 });
    sim.world.service({ cluster: 'prod', name: 'other', secrets: [changed(sim, 'prod/key').arn] });
    sim.world.stack({ environment: { CLUSTERS: 'prod' } });
    expect((await esr(sim, 'explain', service, 'prod/db')).out).toBe(`${sentence}\n`);
  });
});
