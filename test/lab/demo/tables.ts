import { OWN_SOURCE } from '../../../functions/core/report/own-event.ts';
import { tableLines } from '../../support/table.ts';
import type { Reason } from './log.ts';
import { labelOf } from './member.ts';
import { NAMES } from './news.ts';
import { PARAMETER_ARN } from './resources.ts';
import type { Paint } from './screen.ts';
import { CALLERS, type Stage } from './stage.ts';
import { exposureMs, most, range, reactionMs, seconds } from './times.ts';
import type { Exposure, Sighting } from './watch.ts';
import { wavesOf } from './waves.ts';

/** The width of the columns left of the explanations, and the greatest width of an explanation. */
const LEFT_OF_WHY = 57;
const WHY_WIDTH = 58;

/** The tables of `--verbose`. */
export function tablesOf(
  stage: Stage,
  sightings: readonly Sighting[],
  { paint, columns }: { readonly paint: Paint; readonly columns: number },
): readonly string[] {
  const exposures = stage.watch.exposures();
  const section = (title: string, lines: readonly string[]) => ['', paint('bold', title), ...lines];
  return [
    ...section('Redeployed', redeployed(sightings, exposures)),
    ...section(`Waves of the ${NAMES.get(PARAMETER_ARN)}`, waves(exposures)),
    ...section('Left alone', leftAlone(sightings, stage.log.reasonFor, columns)),
    ...section('How long old values lived', lifetimes(stage, exposures)),
    ...section('Events and the rules in infra/', traffic(stage)),
    ...section('Own events, for others to build on', ownEvents(stage)),
    ...section('API calls of the functions', apiCalls(stage)),
  ];
}

function redeployed(sightings: readonly Sighting[], exposures: readonly Exposure[]): readonly string[] {
  const rows = sightings
    .filter(({ deployments }) => deployments.length > 0)
    .map(({ member, deployments }) => {
      const own = exposures.filter((exposure) => exposure.member === member);
      const reaction = most(own.map(reactionMs));
      const exposure = most(own.map(exposureMs));
      return [
        labelOf(member),
        `${deployments.length} x`,
        seconds(reaction),
        seconds(exposure),
        member.because,
      ];
    });
  const head = ['service', 'deployed', 'reaction', 'exposure', 'what it uses, and how'];
  return tableLines(rows, { head, align: ['left', 'right', 'right', 'right', 'left'] });
}

function leftAlone(
  sightings: readonly Sighting[],
  reasonFor: (arn: string) => Reason | undefined,
  columns: number,
): readonly string[] {
  const rows = sightings
    .filter(({ deployments }) => deployments.length === 0)
    .map(({ member, stale }) => [
      labelOf(member),
      reasonFor(member.arn)?.code ?? '(not matched)',
      stale === 0 ? '' : `${stale} old`,
      member.because,
    ]);
  return tableLines(rows, {
    head: ['service', 'reason', 'tasks', 'in plain words'],
    widths: [null, null, null, Math.min(WHY_WIDTH, Math.max(WHY_WIDTH / 2, columns - LEFT_OF_WHY))],
  });
}

function waves(exposures: readonly Exposure[]): readonly string[] {
  const changedAt = exposures.find(({ resource }) => resource === PARAMETER_ARN)?.changedAt ?? 0;
  const since = (instant: number) => seconds(Number.isFinite(instant) ? instant - changedAt : undefined);
  const rows = wavesOf(PARAMETER_ARN, exposures).map(({ wave, services, firstAcceptedAt, lastGoneAt }) => [
    String(wave),
    since(firstAcceptedAt),
    since(lastGoneAt),
    services.join(', '),
  ]);
  const head = ['wave', 'first redeploy', 'last old task gone', 'services'];
  return tableLines(rows, { head, align: ['left', 'right', 'right', 'left'] });
}

function lifetimes(stage: Stage, exposures: readonly Exposure[]): readonly string[] {
  const rows = [...NAMES].map(([arn, name]) => {
    const followed = exposures.filter(
      ({ resource, member }) => resource === arn && member.expect !== 'left-alone',
    );
    const own = followed.filter(({ member }) => member.expect === 'redeployed');
    const last = most(followed.map(exposureMs));
    return [name, String(own.length), range(own.map(reactionMs)), seconds(last), ownExposure(stage, arn)];
  });
  return [
    ...tableLines(rows, {
      head: ['changed', 'redeployed', 'change → UpdateService', '→ last old task gone', 'in change.settled'],
    }),
    '  (2 s of the reaction are deliberate: the new deployment must be younger than every record of the change;',
    '  change.settled counts from the end of the second of the change to the first look after the last old task is gone)',
  ];
}

/** The exposure that on-change itself reports for the first event of the change. */
function ownExposure(stage: Stage, arn: string): string {
  const [told] = stage
    .changes()
    .flatMap(({ resource, exposureSeconds }) => (resource === arn ? (exposureSeconds ?? []) : []));
  return told === undefined ? 'none: services are left alone' : seconds(told * 1000);
}

function traffic(stage: Stage): readonly string[] {
  const rows = stage
    .traffic()
    .map(({ kind, queue, count }) => [
      kind,
      String(count),
      queue === undefined ? 'held back' : `let through to the queue "${queue}"`,
    ]);
  return [
    ...tableLines(rows, { align: ['left', 'right', 'left'] }),
    `  ${stage.messagesLeft()} messages are left on the queues`,
  ];
}

function ownEvents({ sim }: Stage): readonly string[] {
  const types = sim.events
    .filter(({ source }) => source === OWN_SOURCE)
    .map((event) => event['detail-type'])
    .sort();
  const rows = [...new Set(types)].map((type) => [type, String(types.filter((one) => one === type).length)]);
  return [
    ...tableLines(rows, { align: ['left', 'right'] }),
    '  on the default bus; the rules in infra/ hold them back',
  ];
}

function apiCalls({ sim }: Stage): readonly string[] {
  const callers: readonly string[] = Object.values(CALLERS);
  const calls = sim.ledger.calls.filter(({ accessKeyId }) => callers.includes(accessKeyId));
  const operations = [...new Set(calls.map(({ service, operation }) => `${service}:${operation}`))].sort();
  const rows = operations.map((name) => [
    name,
    ...callers.map((caller) =>
      String(
        calls.filter(
          ({ service, operation, accessKeyId }) =>
            accessKeyId === caller && `${service}:${operation}` === name,
        ).length,
      ),
    ),
  ]);
  return tableLines(rows, {
    head: ['operation', ...Object.keys(CALLERS)],
    align: ['left', 'right', 'right', 'right'],
  });
}
