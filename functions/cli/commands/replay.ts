import type { QueueCount } from '../../core/doctor/facts.ts';
import { atSamePlace } from '../again.ts';
import type { CliCommand } from '../command.ts';
import { EXIT } from '../exit.ts';
import { countedQueues, sumOf } from '../installed.ts';
import { printDone } from '../print.ts';
import { count } from '../render/words.ts';

export const replay: CliCommand = {
  name: 'replay',
  summary: 'hands the messages that the service gave up to it once more',
  args: '',
  options: [],
  examples: [['replay', 'after the cause is mended: services that are fresh by then stay as they are']],
  async run(_, given, terminal) {
    const session = await terminal.connect('stack');
    const { screen } = terminal;
    const [dead, lost] = await Promise.all([
      countedQueues(session, ['ChangeDeadLetterQueue'], 'TrustedDeadLetterQueue'),
      countedQueues(session, ['RuleDeadLetterQueue'], 'TrustedRuleDeadLetterQueue'),
    ]);
    for (const { id, visible } of lost.filter(holdsSome))
      screen.note(
        atSamePlace(
          `${count(visible, 'event')} in ${id}, which SQS cannot move: look at them (docs/operate.md), then "esr redeploy SECRET"`,
          given,
        ),
      );
    // Each goes back to the queue that it came from.
    for (const { arn } of dead.filter(holdsSome)) await session.queues.redrive(arn);
    const replayed = sumOf(dead, 'visible');
    const said =
      replayed === 0
        ? 'no dead letters to replay'
        : `${count(replayed, 'message')} on the way back to the queue`;
    const json = { replayed, unreplayable: sumOf(lost, 'visible') };
    printDone({ json, names: [], said: [said] }, given, screen);
    if (replayed > 0)
      screen.note('a message that is no event comes back after five more deliveries: then purge the queue');
    return EXIT.done;
  },
};

const holdsSome = ({ visible }: QueueCount): boolean => visible > 0;
