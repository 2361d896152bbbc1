import { OWN_SOURCE } from '../../../functions/core/report/own-event.ts';
import { tableLines } from '../../support/table.ts';
import { labelOf } from './member.ts';
import { NAMES } from './news.ts';
import { PARAMETER_ARN } from './resources.ts';
import type { Paint } from './screen.ts';
import { CALLERS, type Stage } from './stage.ts';
import { exposureMs, most, reactionMs, seconds } from './times.ts';
import type { Exposure, Sighting } from './watch.ts';
import { wavesOf } from './waves.ts';

/** The width of the columns left of the explanations, and the least width of an explanation. */
const LEFT_OF_WHY = 68;
const WHY_WIDTH = 40;

/** The tables of `--verbose`. */
export function tablesOf(
  stage: Stage,
  sightings: readonly Sighting[],
  { paint, columns }: { readonly paint: Paint; readonly columns: number },
): readonly string[] {
  const exposures = stage.watch.exposures();
  const section = (title: string, lines: readonly string[]) => ['', paint('bold', title), ...lines];
  return [
    ...section('Each service', services(stage, sightings, exposures, columns)),
    ...section(`Waves of the ${NAMES.get(PARAMETER_ARN)}`, waves(exposures)),
    ...section('Events and the rules in infra/', traffic(stage)),
    ...section('Own events, for others to build on', ownEvents(stage)),
    ...section('API calls of the functions', apiCalls(stage)),
  ];
}

/** Each service: what was done or why not, its reaction and its exposure, and what it uses. */
function services(
  { log }: Stage,
  sightings: readonly Sighting[],
  exposures: readonly Exposure[],
  columns: number,
): readonly string[] {
  const rows = sightings.map(({ member, deployments }) => {
    const own = exposures.filter((exposure) => exposure.member === member);
    const isOurs = deployments.length > 0;
    const done = isOurs ? `redeployed ${deployments.length} x` : log.reasonFor(member.arn)?.code;
    const times = isOurs ? [most(own.map(reactionMs)), most(own.map(exposureMs))].map(seconds) : ['', ''];
    return [labelOf(member), done ?? '(not matched)', ...times, member.because];
  });
  const widths = [null, null, null, null, Math.max(WHY_WIDTH, columns - LEFT_OF_WHY)];
  return tableLines(rows, {
    head: ['service', 'done', 'reaction', 'exposure', 'what it uses, or why not'],
    widths,
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
