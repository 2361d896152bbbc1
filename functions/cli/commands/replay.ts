import type { QueueCount } from '../../core/doctor/facts.ts';
import type { Session } from '../../runtime/connect-terminal.ts';
import type { CliCommand } from '../command.ts';
import { EXIT } from '../exit.ts';
import { hasResource, resourceOf } from '../installed.ts';
import { printDone } from '../print.ts';
import { count } from '../render/words.ts';

export const replay: CliCommand = {
  name: 'replay',
  summary: 'hands the messages that the service gave up to it once more',
  args: '',
  options: [],
  examples: [['replay', 'after the cause is mended: services that are fresh by then stay as they are']],
  async run(_, given, terminal) {
    const session = await terminal.connect();
    const { screen } = terminal;
    const [dead, lost] = await Promise.all([
      counted(['ChangeDeadLetterQueue', 'TrustedDeadLetterQueue'], session),
      counted(['RuleDeadLetterQueue', 'TrustedRuleDeadLetterQueue'], session),
    ]);
    for (const { id, visible } of lost)
      screen.note(
        `${count(visible, 'event')} in ${id}, which SQS cannot move: look at them (docs/operate.md), then "esr redeploy SECRET"`,
      );
    // Each goes back to the queue that it came from.
    for (const { arn } of dead) await session.queues.redrive(arn);
    const replayed = sumOf(dead);
    const said =
      replayed === 0
        ? 'no dead letters to replay'
        : `${count(replayed, 'message')} on the way back to the queue`;
    const json = { replayed, unreplayable: sumOf(lost) };
    printDone({ json, names: [], said: [said] }, given, screen);
    if (replayed > 0)
      screen.note('a message that is no event comes back after five more deliveries: then purge the queue');
    return EXIT.done;
  },
};

type Counted = QueueCount & { readonly id: string };

/** Those of these queues that hold messages; the second one is there only if other accounts are trusted. */
async function counted(
  [own, ofOthers]: readonly [string, string],
  session: Session,
): Promise<readonly Counted[]> {
  const ids = hasResource(session, ofOthers) ? [own, ofOthers] : [own];
  const counts = ids.map(async (id) => ({
    id,
    ...(await session.queues.count(resourceOf(session, id), session.run.reading)),
  }));
  return (await Promise.all(counts)).filter(({ visible }) => visible > 0);
}

const sumOf = (queues: readonly Counted[]): number =>
  queues.reduce((total, { visible }) => total + visible, 0);
