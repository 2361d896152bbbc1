import type { Asked } from './confirm.ts';
import { confirm } from './confirm.ts';
import type { Origin } from './core/confirm.ts';
import type { Report } from './core/report.ts';
import { type Uses, usesOf } from './core/uses.ts';
import type { Handled } from './handled.ts';
import { parseRequest, type Request } from './input/request.ts';
import { Journal, REQUEST } from './journal.ts';
import { lambda, type Parts } from './lambda.ts';
import { readFleet } from './read.ts';
import { carryOut, planOnly } from './redeploy.ts';
import type { Run } from './run.ts';

/** Direct invocation by a person or a script: answers with a report, or with the uses of a resource. */
export const handler = lambda<unknown, Report | Uses>([], onRequest);

/** Throws WrongRequest, having done nothing, and ReadFailed if AWS could not be read; both reach whoever invoked. */
async function onRequest(
  raw: unknown,
  wide: Run,
  { config, logger }: Parts,
  requestId: string,
): Promise<Report | Uses> {
  const now = wide.world.clock.now();
  const request = parseRequest(raw, now);
  wide.journal.requested(requestId, request);
  const run = {
    ...wide,
    scope: { ...wide.scope, narrowed: request.clusters },
    journal: request.action === 'redeploy' ? wide.journal : new Journal(logger),
  };
  const origin = { changeId: requestId, at: request.at ?? now, source: REQUEST };
  switch (request.action) {
    case 'uses':
      // All references count, those made a moment ago included: asked as of now, and whatever the label.
      return uses(askedFor({ ...request, force: true }, { ...origin, at: now }), run);
    case 'plan':
      return reportOf(await planOnly(askedFor(request, origin), 'plan', run), 'narrow it with clusters');
    case 'redeploy':
      return reportOf(await carryOut(askedFor(request, origin), config.mode, run), ON_ITS_WAY);
    default:
      return request.action satisfies never;
  }
}

function askedFor({ secrets, parameters, services, force }: Request, origin: Origin): readonly Asked[] {
  return [
    ...secrets.map((name): Asked => ({ asked: 'secret', origin, name, force })),
    ...parameters.map((name): Asked => ({ asked: 'parameter', origin, name, force })),
    ...services.map((named): Asked => ({ asked: 'service', origin, named })),
  ];
}

async function uses(asked: readonly Asked[], run: Run): Promise<Uses> {
  const sight = await readFleet(await confirm(asked, run), run);
  if (sight.postponed.length > 0) throw new TooLarge('narrow it with clusters');
  return usesOf(sight.fleet, sight.subjects, run.policy);
}

function reportOf(handled: Handled, ifTooLarge: string): Report {
  if ('failure' in handled) throw handled.failure;
  if (handled.postponed) throw new TooLarge(ifTooLarge);
  return handled.report;
}

const ON_ITS_WAY =
  'it goes on through the queue, and the log of on-change tells the rest under the id of this request';

/** There was no time to read the whole fleet. */
class TooLarge extends Error {
  override readonly name = 'TooLarge';

  constructor(instead: string) {
    super(`the fleet could not be read within one invocation: ${instead}`);
  }
}
