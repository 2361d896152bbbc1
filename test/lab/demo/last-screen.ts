import { tableLines } from '../../support/table.ts';
import type { Reason } from './log.ts';
import { LOST, type Swept } from './lost-event.ts';
import { NAMES } from './news.ts';
import { type Paint, wrapped } from './screen.ts';
import type { RequestReport } from './story.ts';
import { exposureMs, most, range, reactionMs, seconds } from './times.ts';
import type { Exposure, Sighting } from './watch.ts';

/** All that the last screen tells. */
export type Ending = {
  readonly sightings: readonly Sighting[];
  readonly exposures: readonly Exposure[];
  readonly reasonFor: (serviceArn: string) => Reason | undefined;
  readonly again: RequestReport | undefined;
  readonly swept: Swept;
  readonly valuesRead: number;
  /** What is not as expected; nothing if the demo succeeded. */
  readonly problems: readonly string[];
};

type Looks = { readonly paint: Paint; readonly columns: number };

const ACROSS = 3;
const NAMES_WIDTH = 32;
/** Of the problems of a demo that failed; `--verbose` shows the tables behind them. */
const SHOWN = 4;

/** What happened to which service, and how long old values lived: at most 40 lines of 80 columns. */
export function lastScreen(ending: Ending, looks: Looks): readonly string[] {
  const { paint, columns } = looks;
  const section = (title: string, lines: readonly string[]) => ['', paint('bold', title), ...lines];
  return [
    ...section('Redeployed, and how long each service ran on with an old value', redeployed(ending)),
    ...lifetimes(ending),
    ...section('Left alone, and why', leftAlone(ending, columns)),
    '',
    ...besides(ending).flatMap((line) => wrapped(`  ${line}`, columns, 2)),
    '',
    ...verdict(ending, looks),
  ];
}

function redeployed({ sightings, exposures }: Ending): readonly string[] {
  const cells = sightings
    .filter(({ deployments }) => deployments.length > 0)
    .map(({ member, stale }) => {
      const own = exposures.filter((exposure) => exposure.member === member).map(exposureMs);
      return [member.name, stale > 0 ? 'still' : seconds(most(own))];
    });
  const down = Math.ceil(cells.length / ACROSS);
  const rows = Array.from({ length: down }, (_, row) =>
    Array.from({ length: ACROSS }, (__, column) => cells[column * down + row] ?? ['', '']).flat(),
  );
  return tableLines(rows, {
    align: ['left', 'right', 'left', 'right', 'left', 'right'],
    widths: Array.from({ length: ACROSS }, () => [14, 12]).flat(),
  });
}

/** For each change: how soon its services were redeployed, and when the last old value was gone. */
function lifetimes({ exposures }: Ending): readonly string[] {
  const rows = [...NAMES].map(([arn, name]) => {
    const followed = exposures.filter(
      ({ resource, member }) => resource === arn && member.expect !== 'left-alone',
    );
    const own = followed.filter(({ member }) => member.expect === 'redeployed');
    return [name, range(own.map(reactionMs)), seconds(most(followed.map(exposureMs)))];
  });
  const head = ['changed', 'redeployed after', 'last old value gone after'];
  return ['', ...tableLines(rows, { head, align: ['left', 'right', 'right'] })];
}

/** In plain words, by the reason that the service gives; its codes are in the README. */
const WHY: Readonly<Record<string, string>> = {
  'already-fresh': 'CI had just deployed it with the new value',
  'rolling-out': 'its old tasks are draining already',
  'cannot-replace': 'ECS could never replace its one task',
  pinned: 'asks for one version by its id',
  'label-not-moved': 'follows a label that did not move',
  'pull-only': 'needs the secret only to pull its image',
  'no-tasks': 'runs no task: the next one has the new value',
  'unsupported-controller': 'CodeDeploy or another controller deploys it',
  'opted-out': 'its tag or the tag of its cluster says so',
  'secret-gone': 'uses a secret that was deleted long ago',
};
const ELSEWHERE = 'uses something else, with a similar name';

function leftAlone({ sightings, reasonFor }: Ending, columns: number): readonly string[] {
  const alone = sightings.filter(({ deployments }) => deployments.length === 0);
  const byReason = new Map<string, string[]>();
  for (const { member, stale } of alone) {
    const code = reasonFor(member.arn)?.code;
    const why = code === undefined ? ELSEWHERE : (WHY[code] ?? code);
    byReason.set(why, [...(byReason.get(why) ?? []), `${member.name}${stale > 0 ? '*' : ''}`]);
  }
  const rows = [...byReason].map(([why, names]) => [names.join(', '), why]);
  return [
    ...tableLines(rows, { widths: [NAMES_WIDTH, columns - NAMES_WIDTH - 2] }),
    ...(alone.some(({ stale }) => stale > 0) ? ['  * still runs with an old value, as decided'] : []),
  ];
}

function besides({ again, swept, valuesRead }: Ending): readonly string[] {
  const calls = valuesRead === 0 ? 'none' : `${valuesRead} calls, refused`;
  const repeated =
    again === undefined
      ? 'not asked'
      : `${again.summary.redeploy + again.summary.wait} services to do, ${again.summary.skip} left alone`;
  return [
    `values of secrets and parameters that were read: ${calls}`,
    `the same redeploy, asked for once more: ${repeated}`,
    `a change whose event was lost: the sweep ${swept.reason === 'report' ? 'found' : 'did not find'} ${LOST.cluster}/${LOST.service}`,
    'tables of waves, events and API calls: npm run demo -- --verbose',
  ];
}

function verdict({ sightings, problems }: Ending, { paint, columns }: Looks): readonly string[] {
  if (problems.length > 0) {
    const more = problems.length > SHOWN ? [`and ${problems.length - SHOWN} more`] : [];
    const lines = [...problems.slice(0, SHOWN), ...more].flatMap((problem) =>
      wrapped(`✖ ${problem}`, columns, 2),
    );
    return lines.map((line) => paint('red', line));
  }
  const meant = sightings.filter(({ member }) => member.expect === 'redeployed').length;
  return [
    paint('green', `✔ ${meant} services redeployed, once each and in order; no other service was touched.`),
  ];
}
