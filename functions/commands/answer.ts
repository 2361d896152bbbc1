import type { Trigger } from '../core/follow-up/trigger.ts';
import { match } from '../core/match/match.ts';
import { REQUEST } from '../core/model/change.ts';
import type { Origin } from '../core/model/secret.ts';
import { followed } from '../core/report/followed.ts';
import type { Report, Unfinished } from '../core/report/report.ts';
import { shortened, shortenedUses } from '../core/report/shorten.ts';
import { makeStaleReport, type StaleReport } from '../core/report/stale-report.ts';
import { type Uses, usesOf } from '../core/report/uses.ts';
import type { Sweep } from '../core/sweep/sweep.ts';
import { parseRequest, type Request } from '../formats/request.ts';
import { type Hurry, inAHurry } from '../pipeline/apply/hurry.ts';
import { confirm } from '../pipeline/confirm/confirm.ts';
import { handOver } from '../pipeline/follow-up/hand-over.ts';
import { withoutWrongGuesses } from '../pipeline/living.ts';
import { newSubjects } from '../pipeline/read/observed.ts';
import { readFleet } from '../pipeline/read/read.ts';
import { NOTHING_EARLY } from '../pipeline/read/scan.ts';
import type { Run } from '../pipeline/run.ts';
import type { NamedResource } from '../pipeline/sweep/timestamps.ts';
import type { Journal } from '../telemetry/journal.ts';
import { type Failed, type RedeployResult, reportedBefore } from './decide.ts';
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

export type Answer = (Report & Unfinished) | StaleReport | Uses;

/** Answers a request. Throws WrongRequest, having done nothing, and ReadFailed if AWS could not be read. */
export async function answer(
  raw: unknown,
  { requestId, mode, quiet }: Circumstances,
  wide: Run,
): Promise<Answer> {
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
      return uses(triggersOf({ ...request, force: true }, { ...origin, at: now }), run);
    case 'stale':
      return staleOf(await findStale(requestId, named(request, origin), run));
    case 'plan':
      return planned(await plan(triggersOf(request, origin), run));
    case 'redeploy':
      return redeployed(triggersOf(request, origin), mode, requestId, run);
    default:
      return request.action satisfies never;
  }
}

/** What a request starts. */
export function triggersOf(request: Request, origin: Origin): readonly Trigger[] {
  return [
    ...named(request, origin),
    ...request.services.map((service): Trigger => ({ kind: 'service', origin, named: service })),
  ];
}

function named({ secrets, parameters, force, at }: Request, origin: Origin): readonly NamedResource[] {
  const how = { origin, force, dated: at !== undefined };
  return [
    ...secrets.map((name): NamedResource => ({ kind: 'secret', name, ...how })),
    ...parameters.map((name): NamedResource => ({ kind: 'parameter', name, ...how })),
  ];
}

async function uses(asked: readonly Trigger[], run: Run): Promise<Uses> {
  const observed = await readFleet(await confirm(asked, run), NOTHING_EARLY, run);
  if (observed.postponed.length > 0) throw new TooLarge('narrow it with clusters');
  const { fleet } = observed;
  const subjects = newSubjects(observed);
  const matches = await withoutWrongGuesses(match(fleet, subjects, 'redeploy'), run);
  return shortenedUses(usesOf(fleet, subjects, run.policy, matches), ANSWER_CHARACTERS);
}

function staleOf(found: Sweep): StaleReport {
  return makeStaleReport(found, ANSWER_CHARACTERS);
}

/** Lambda answers with 6 MB at most (functions/README.md, Queue and Lambda); a report consists of ASCII characters. */
const ANSWER_CHARACTERS = 5_000_000;

function planned(result: RedeployResult): Report {
  if ('failure' in result) throw result.failure;
  if (result.postponed) throw new TooLarge('narrow it with clusters');
  return shortened(result.report, ANSWER_CHARACTERS);
}

/** A request ends as an event does: what was done is told and followed, whatever fails after it. */
async function redeployed(
  triggers: readonly Trigger[],
  mode: Circumstances['mode'],
  requestId: string,
  run: Run,
): Promise<Report & Unfinished> {
  const hurry = inAHurry(run);
  try {
    const result = await execute(triggers, mode, hurry.run);
    const report =
      'failure' in result
        ? await endedEarly(result, requestId, hurry)
        : goingOn(result, mode, requestId, hurry);
    return shortened(report, ANSWER_CHARACTERS);
  } finally {
    hurry.end();
  }
}

function goingOn(
  { report, postponed }: Exclude<RedeployResult, Failed>,
  mode: Circumstances['mode'],
  requestId: string,
  { run: { ports }, unsent }: Hurry,
): Report & Unfinished {
  if (ports.queue === undefined) {
    if (!postponed) return report;
    const failure = new TooLarge('narrow it with clusters');
    if (report.outcomes.length === 0) throw failure;
    return { ...report, error: errorOf(failure) };
  }
  if (unsent() > 0) return { ...report, error: notSent(unsent()) };
  const known = mode === 'observe' ? { decisions: [], outcomes: [] } : report;
  return { ...report, ...followed(known, requestId, postponed) };
}

/** Throws the failure if nothing was done and nothing goes on. */
async function endedEarly(failed: Failed, requestId: string, { run }: Hurry): Promise<Report & Unfinished> {
  const { confirmed, failure, observed, results } = failed;
  const { aborted: isOutOfTime } = run.reading;
  if (results.length === 0 && !isOutOfTime) throw failure;
  const isSent = await handOver(confirmed, observed, results, run);
  if (results.length === 0 && !isSent) throw failure;
  run.journal.error('cannot finish the request; its answer says what was done', failure, {
    changeId: requestId,
  });
  const report = reportedBefore(failed);
  return {
    ...report,
    ...(isSent && followed(report, requestId, true)),
    ...(!(isSent && isOutOfTime) && { error: errorOf(failure) }),
  };
}

function notSent(unsent: number): { readonly name: string; readonly message: string } {
  const message = `messages that could not be put on the queue: ${unsent}; the rest does not go on by itself: send the same request with the same "at" again`;
  return { name: 'NotSent', message };
}

function errorOf(failure: unknown): { readonly name: string; readonly message: string } {
  return failure instanceof Error
    ? { name: failure.name, message: failure.message }
    : { name: 'Error', message: String(failure) };
}

/** The fleet is too large to be read within one invocation. */
class TooLarge extends Error {
  override readonly name = 'TooLarge';

  constructor(instead: string) {
    super(`the fleet could not be read within one invocation: ${instead}`);
  }
}
