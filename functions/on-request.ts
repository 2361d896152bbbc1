import type { Asked } from './confirm.ts';
import { confirm } from './confirm.ts';
import type { Origin } from './core/confirm.ts';
import type { Report } from './core/report.ts';
import { type Uses, usesOf } from './core/uses.ts';
import { parseRequest, type Request } from './input/request.ts';
import { REQUEST } from './journal.ts';
import { readFleet } from './read.ts';
import { type Handled, planOnly, redeploy } from './redeploy.ts';
import type { Run } from './run.ts';
import { lambda, type Parts } from './service.ts';

/** Direct invocation by a person or a script: answers with a report, or with the uses of a resource. */
export const handler = lambda<unknown, Report | Uses>([], onRequest);

/** Throws WrongRequest, having done nothing, and ReadFailed if AWS could not be read; both reach whoever invoked. */
async function onRequest(
  raw: unknown,
  wide: Run,
  { config }: Parts,
  requestId: string,
): Promise<Report | Uses> {
  const now = wide.world.clock.now();
  const request = parseRequest(raw, now);
  wide.journal.requested(requestId, request);
  const run = { ...wide, clusters: [...wide.clusters, request.clusters] };
  const asked = askedFor(request, { changeId: requestId, at: request.at ?? now, source: REQUEST });
  switch (request.action) {
    case 'uses':
      return uses(asked, run);
    case 'plan':
      return reportOf(await planOnly(asked, 'plan', run));
    case 'redeploy':
      return reportOf(
        config.mode === 'observe' ? await planOnly(asked, 'observe', run) : await redeploy(asked, run),
      );
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
  return usesOf(sight.fleet, sight.subjects, run.policy);
}

function reportOf(handled: Handled): Report {
  if ('failure' in handled) throw handled.failure;
  return handled.report;
}
