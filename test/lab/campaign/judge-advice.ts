import type { AwsEvent } from '../../simulator/index.ts';
import { FIRST_VERSION } from './build-world.ts';
import { hasBeen, isDisturbed, nameIn, statesAround } from './judge-states.ts';
import type { Run, Told } from './run.ts';
import { secondsIn, type Violation, violation } from './violation.ts';

/**
 * The violations by records that print a command with which a person puts the previous version back, where that does
 * not help or does harm: no task failed and nothing was rolled back, the label has moved on since, a rotation made the
 * version (the database has the new password already), or the command names another version than the previous one.
 */
export function adviceProblems(run: Run): readonly Violation[] {
  return run.records.flatMap((told) => {
    const { service = '', ...record } = told.record;
    const { restore } = record as { readonly restore?: unknown };
    if (typeof restore !== 'string') return [];
    const harm = harmOf(run, told, service, restore);
    const about = `${nameIn(run, service)} ${secondsIn(run, told.at)}`;
    return harm === undefined ? [] : [violation('advises-rightly', `restore of ${about}: ${harm}`)];
  });
}

const FAILED = ['tasks-failing', 'failed', 'rolled-back'];

function harmOf(run: Run, told: Told, service: string, restore: string): string | undefined {
  const truths = statesAround(run, service, told);
  const failed =
    // Tasks that crash by themselves look like those that a new value makes fail.
    isDisturbed(run, service, told) ||
    truths.some(({ state }) => FAILED.includes(state)) ||
    hasBeen(run, service, ['failed', 'rolled-back'], told);
  if (!failed) return `the deployment was ${truths.map(({ state }) => state).join(', ')}`;
  const change = run.sim.events.find(({ id }) => id === told.record.changeId);
  return change === undefined ? undefined : harmOfMove(run, told, change, restore);
}

/** What is wrong with a command that moves back the label that this event tells of. */
function harmOfMove(
  run: Run,
  told: Told,
  { resources, detail, time }: AwsEvent,
  restore: string,
): string | undefined {
  const label = detail['labelUpdated'];
  if (typeof label !== 'string') return undefined;
  const moves = run.sim.events.filter(
    (event) =>
      event['detail-type'] === 'Secret Label Updated' &&
      event.resources[0] === resources[0] &&
      event.detail['labelUpdated'] === label,
  );
  const index = moves.findIndex(
    (move) => move.time === time && move.detail['versionId'] === detail['versionId'],
  );
  const version = String(detail['versionId']);
  if (moves.slice(index + 1).some((move) => Date.parse(move.time) + 1_000 < told.at))
    return 'the label has moved on since';
  if (
    run.built.rotated.has(version) &&
    moves.slice(0, index).every((move) => move.detail['versionId'] !== version)
  )
    return 'a rotation made the version';
  const previous = index === 0 ? FIRST_VERSION : moves[index - 1]?.detail['versionId'];
  const named = /--move-to-version-id '?([\w-]+)/.exec(restore)?.[1];
  return previous !== undefined && named !== undefined && named !== previous
    ? `it names the version ${named}, but the previous one was ${JSON.stringify(previous)}`
    : undefined;
}
