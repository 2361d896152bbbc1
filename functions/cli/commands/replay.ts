import type { CliCommand } from '../command.ts';
import { EXIT } from '../exit.ts';
import { resourceOf } from '../installed.ts';
import { count } from '../render/words.ts';

export const replay: CliCommand = {
  name: 'replay',
  summary: 'hands the messages that the service gave up to it once more',
  args: '',
  options: [],
  examples: [['replay', 'after the cause is mended: services that are fresh by then stay as they are']],
  async run(_, __, terminal) {
    const session = await terminal.connect();
    const { screen } = terminal;
    const { reading } = session.run;
    const [given, lost] = await Promise.all(
      ['ChangeDeadLetterQueue', 'RuleDeadLetterQueue'].map((id) =>
        session.queues.count(resourceOf(session, id), reading),
      ),
    );
    if (lost !== undefined && lost.visible > 0)
      screen.note(
        `${count(lost.visible, 'event')} in RuleDeadLetterQueue, which SQS cannot move: look at them (docs/operate.md), then "esr redeploy SECRET"`,
      );
    if (given === undefined || given.visible === 0) {
      screen.print('no dead letters to replay');
      return EXIT.done;
    }
    await session.queues.redrive(given.arn);
    screen.print(`${count(given.visible, 'message')} on the way back to the queue`);
    screen.note('a message that is no event comes back after five more deliveries: then purge the queue');
    return EXIT.done;
  },
};
