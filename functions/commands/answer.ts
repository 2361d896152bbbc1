import type { Trigger } from '../core/follow-up/trigger.ts';
import { REQUEST } from '../core/model/change.ts';
import type { Origin } from '../core/model/secret.ts';
import type { Report } from '../core/report/report.ts';
import { makeStaleReport, type StaleReport } from '../core/report/stale-report.ts';
import { type Uses, usesOf } from '../core/report/uses.ts';
import type { Sweep } from '../core/sweep/sweep.ts';
import { parseRequest, type Request } from '../formats/request.ts';
import { confirm } from '../pipeline/confirm/confirm.ts';
import { newSubjects } from '../pipeline/read/observed.ts';
import { readFleet } from '../pipeline/read/read.ts';
import { NOTHING_EARLY } from '../pipeline/read/scan.ts';
import type { Run } from '../pipeline/run.ts';
import type { NamedResource } from '../pipeline/sweep/timestamps.ts';
import type { Journal } from '../telemetry/journal.ts';
import type { RedeployResult } from './decide.ts';
import { execute, plan } from './redeploy.ts';
import { findStale } from './sweep.ts';

/** What an answer depends on besides the request. */
export type Circumstances = {
  /** The id under which everything that comes of the request is recorded. */
  readonly requestId: string;
  readonly mode: 'enforce' | 'observe';
  /** For questions: it writes to the log alone. */
  readonly quiet: Journal;
};

/** Answers a request. Throws WrongRequest, having done nothing, and ReadFailed if AWS could not be read. */
export async function answer(
  raw: unknown,
  { requestId, mode, quiet }: Circumstances,
  wide: Run,
): Promise<Report | StaleReport | Uses> {
  const now = wide.ports.clock.now();
  const request = parseRequest(raw, now);
  wide.journal.requested(requestId, request);
  const run = {
    ...wide,
    scope: { ...wide.scope, narrowed: request.clusters },
    journal: request.action === 'redeploy' ? wide.journal : quiet,
  };
  const origin = { changeId: requestId, at: request.at ?? now, source: REQUEST };
  switch (request.action) {
    case 'uses':
      // Every reference counts, whatever its label, those made a moment ago included: asked as of now.
      return uses(askedFor({ ...request, force: true }, { ...origin, at: now }), run);
    case 'stale':
      return staleOf(await findStale(requestId, named(request, origin), run));
    case 'plan':
      return reportOf(await plan(askedFor(request, origin), run), 'narrow it with clusters');
    case 'redeploy':
      return reportOf(await execute(askedFor(request, origin), mode, run), ON_ITS_WAY);
    default:
      return request.action satisfies never;
  }
}

function askedFor(request: Request, origin: Origin): readonly Trigger[] {
  return [
    ...named(request, origin),
    ...request.services.map((service): Trigger => ({ kind: 'service', origin, named: service })),
  ];
}

function named({ secrets, parameters, force }: Request, origin: Origin): readonly NamedResource[] {
  return [
    ...secrets.map((name): NamedResource => ({ kind: 'secret', origin, name, force })),
    ...parameters.map((name): NamedResource => ({ kind: 'parameter', origin, name, force })),
  ];
}

async function uses(asked: readonly Trigger[], run: Run): Promise<Uses> {
  const observed = await readFleet(await confirm(asked, run), NOTHING_EARLY, run);
  if (observed.postponed.length > 0) throw new TooLarge('narrow it with clusters');
  return usesOf(observed.fleet, newSubjects(observed), run.policy);
}

function staleOf(found: Sweep): StaleReport {
  const report = makeStaleReport(found, ANSWER_CHARACTERS);
  if (report === undefined) throw new TooLarge('narrow it with clusters', 'the answer would be too large');
  return report;
}

/** Lambda answers with 6 MB at most (functions/README.md, Queue and Lambda); a report consists of ASCII characters. */
const ANSWER_CHARACTERS = 5_000_000;

function reportOf(result: RedeployResult, ifTooLarge: string): Report {
  if ('failure' in result) throw result.failure;
  if (result.postponed) throw new TooLarge(ifTooLarge);
  return result.report;
}

const ON_ITS_WAY =
  'it goes on through the queue, and the log of on-change tells the rest under the id of this request';

/** The fleet is too large to be read within one invocation, or its answer for Lambda's limit. */
class TooLarge extends Error {
  override readonly name = 'TooLarge';

  constructor(instead: string, what = 'the fleet could not be read within one invocation') {
    super(`${what}: ${instead}`);
  }
}
