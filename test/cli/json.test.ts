import { describe, expect, it } from 'vitest';
import { startFunction } from '../support/lambda.ts';
import { schema } from '../support/schemas.ts';
import { changed, services } from './fleets.ts';
import { account, esr } from './terminal.ts';

const SCHEMAS = { report: schema('report'), uses: schema('uses') };

const AT = '2026-11-22T03:10:00.000Z';

/** A command line, the same request to the function, and the schema of both answers. */
const SAME = [
  ['stale', { action: 'stale' }, 'report'],
  ['stale prod/db -c prod', { action: 'stale', secret: ['prod/db'], clusters: ['prod'] }, 'report'],
  ['uses prod/db', { action: 'uses', secret: ['prod/db'] }, 'uses'],
  ['plan prod/db', { action: 'plan', secret: ['prod/db'] }, 'report'],
  ['plan prod/db --force --at', { action: 'plan', secret: ['prod/db'], force: true, at: AT }, 'report'],
  ['plan --at', { action: 'plan', services: ['prod/api-1'], at: AT }, 'report'],
] as const;

/** The answer without the id of the request, which is another one each time. */
function anonymous(text: string): unknown {
  return JSON.parse(text.replaceAll(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?=[":])/g, 'id'));
}

describe.concurrent('-o json', () => {
  it.concurrent.for(SAME)('of %s is what on-request answers', async ([line, request, name], context) => {
    const sim = await account(context);
    const secret = changed(sim, 'prod/db');
    services(sim, secret, 'prod', { stale: 2, fresh: 2 });
    services(sim, secret, 'test', { stale: 1, fresh: 0 });
    const lambda = await startFunction('on-request', { env: { ...sim.env, POWERTOOLS_DEV: 'false' } });
    context.onTestFinished(() => lambda.stop());
    const answered = await lambda.invoke(request);
    const words = line.split(' ').concat('services' in request ? ['--service', ...request.services] : []);
    const args = words.flatMap((word) => (word === '--at' ? [word, AT] : [word]));
    const { out, code } = await esr(sim, ...args, '-o', 'json');
    const validate = SCHEMAS[name];
    expect(validate(JSON.parse(out)), JSON.stringify(validate.errors)).toBe(true);
    expect({ answer: anonymous(out) }).toEqual(anonymous(JSON.stringify(answered)));
    expect(code).toBe(request.action === 'stale' ? 3 : 0);
  });

  it.concurrent('of the reverse has the form of uses', async (context) => {
    const sim = await account(context);
    services(sim, changed(sim, 'prod/db'), 'prod', { stale: 1, fresh: 0 });
    const { out } = await esr(sim, 'uses', '--service', 'prod/api-1', '-o', 'json');
    expect(SCHEMAS.uses(JSON.parse(out))).toBe(true);
  });
});
