import { setTimeout as sleep } from 'node:timers/promises';
import { deployedTimes } from './deployed.ts';
import { lastScreen } from './last-screen.ts';
import { frameOf } from './live-table.ts';
import { findLostEvent, LOST, type Swept } from './lost-event.ts';
import { labelOf } from './member.ts';
import { NAMES } from './news.ts';
import { PARAMETER_ARN, PARAMETER_NAME, SECRET_NAME } from './resources.ts';
import { openScreen, painter, type Screen, wrapped } from './screen.ts';
import {
  CLOUDTRAIL_DELAY_SECONDS,
  COOLDOWN_SECONDS,
  FOLLOW_UP_SECONDS,
  openStage,
  type Stage,
  WINDOW_SECONDS,
} from './stage.ts';
import { askAgain, makeChanges, type RequestReport, settled } from './story.ts';
import { tablesOf } from './tables.ts';
import { judge } from './verdict.ts';
import type { Sighting } from './watch.ts';
import { wavesOf } from './waves.ts';

/** The longest time from the start until the end of the rollouts. */
const PATIENCE_MS = 60_000;
const REDRAW_MS = 100;
/** The width of the time before a line. */
const INDENT = 9;

// `npm run demo`; `-- --verbose` also prints the output of the functions and, at the end, tables of all that happened.
// Exit code 1 if the end is not as expected.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
process.exitCode = (await play(process.argv.includes('--verbose'))) ? 0 : 1;

async function play(verbose: boolean): Promise<boolean> {
  const startedAt = Date.now();
  const screen = openScreen();
  const time = (): string => `${((Date.now() - startedAt) / 1000).toFixed(1).padStart(5)} s`;
  const tell = (line: string): void => {
    for (const part of wrapped(`${time()}  ${line}`, screen.columns, INDENT)) screen.say(part);
  };
  const stage = await openStage(tell, verbose ? (line) => screen.say(`         | ${line}`) : undefined);
  try {
    introduce(screen, stage);
    const stopShowing = keepShowing(screen, stage, time);
    await makeChanges(stage, tell);
    const inTime = await settled(stage, startedAt + PATIENCE_MS);
    await sleep(2 * REDRAW_MS);
    stopShowing();
    if (inTime) tell('an operator asks on-request for the same redeploy once more');
    const again = inTime ? await askAgain(stage) : undefined;
    tell(`${LOST.secret} changed an hour ago and its event was lost: the sweep looks for stale services`);
    return conclude(screen, stage, { again, swept: await findLostEvent(stage), verbose });
  } finally {
    await stage.close();
  }
}

function introduce(screen: Screen, { fleet, log }: Stage): void {
  const clusters = new Set(fleet.map(({ cluster }) => cluster)).size;
  const deployed = deployedTimes();
  const lines = [
    `${fleet.length} services in ${clusters} clusters on a simulated AWS: real HTTP, real clock, no account.`,
    `The secret ${SECRET_NAME} is rotated, the parameter ${PARAMETER_NAME} changes.`,
    'Running containers keep old values until their service is redeployed: watch it.',
  ];
  const small = [
    `Times are short here: CloudTrail ${CLOUDTRAIL_DELAY_SECONDS} s (deployed ${deployed.cloudTrailDelaySeconds} s), batches ${WINDOW_SECONDS} s (${deployed.batchingWindowSeconds} s), first follow-up ${FOLLOW_UP_SECONDS} s (${deployed.followUpSeconds} s), cooldown ${COOLDOWN_SECONDS} s (${deployed.cooldownSeconds} s).`,
    `The output of the functions: ${log.file}`,
  ];
  screen.say();
  for (const line of lines.flatMap((one) => wrapped(one, screen.columns, 0)))
    screen.say(painter(screen)('bold', line));
  for (const line of small.flatMap((one) => wrapped(one, screen.columns, 0))) screen.say(line);
  screen.say();
}

/** Returns a function that stops it. */
function keepShowing(screen: Screen, { watch, log }: Stage, time: () => string): () => void {
  const paint = painter(screen);
  const show = (): void => {
    screen.show(frameOf(watch.look(), log.reasonFor, { paint, columns: screen.columns, time: time() }));
  };
  const timer = setInterval(show, REDRAW_MS);
  return () => {
    clearInterval(timer);
    show();
    screen.release();
  };
}

type End = { readonly again: RequestReport | undefined; readonly swept: Swept; readonly verbose: boolean };

/** Prints the last screen; whether the end is as expected. */
function conclude(screen: Screen, stage: Stage, { again, swept, verbose }: End): boolean {
  const { watch, log, sim } = stage;
  const looks = { paint: painter(screen), columns: screen.columns };
  const sightings = watch.look();
  const exposures = watch.exposures();
  const valuesRead = sim.ledger.forbidden.length;
  const problems = judge({
    states: sightings.map(endOf),
    valuesRead,
    settled: again !== undefined,
    lostEvent: { service: `${LOST.cluster}/${LOST.service}`, isFound: swept.reason === 'report' },
    changes: stage.changes().map(({ resource, source, end }) => ({
      change: `${NAMES.get(resource) ?? resource} (${source})`,
      settled: end === 'change.settled',
    })),
    waves: wavesOf(PARAMETER_ARN, exposures),
  });
  const { reasonFor } = log;
  const lines = [
    ...(verbose ? tablesOf(stage, sightings, looks) : []),
    ...lastScreen({ sightings, exposures, reasonFor, again, swept, valuesRead, problems }, looks),
    '',
  ];
  for (const line of lines) screen.say(line);
  return problems.length === 0;
}

function endOf({ member, stale, deployments }: Sighting) {
  return {
    service: labelOf(member),
    expect: member.expect,
    deployments: deployments.length,
    staleTasks: stale,
  };
}
