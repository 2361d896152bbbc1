import { describe, expect, it } from 'vitest';
import { asStored, CAPTURED, captureOf } from './captured.ts';
import { HAS_SCRIPT, HAS_TMUX, inScript, inTmux, shownBy } from './pty.ts';
import { account, esr } from './terminal.ts';

const TERMINALS = [
  { name: 'script', run: inScript, has: HAS_SCRIPT, canInterrupt: false },
  { name: 'tmux', run: inTmux, has: HAS_TMUX, canInterrupt: true },
] as const;

describe.concurrent.each(TERMINALS)('in a terminal by $name', ({ name, run, has, canInterrupt }) => {
  if (!has)
    it(`nothing is shown: ${name} is not installed here`, ({ skip }) => skip(`${name} is not installed`));

  describe.runIf(has).concurrent.each([80, 200] as const)('of %i columns', (columns) => {
    const those = CAPTURED.filter(({ pressed }) => pressed === undefined || canInterrupt);
    it.concurrent.for(those)(
      'esr $line shows what is stored',
      async ({ line, world, options, pressed }, context) => {
        const sim = await account(context, options);
        world(sim);
        const { screen, code } = await run(sim, columns, line.split(' '), pressed);
        expect(screen.split('\n').filter((one) => one.length > columns)).toEqual([]);
        const stored = `${asStored(screen)}exit code ${code}\n`;
        await context.expect(stored).toMatchFileSnapshot(captureOf(line, columns === 80 ? '80' : '200'));
      },
    );
  });
});

const ENDING = CAPTURED.filter(({ pressed }) => pressed === undefined);

it.concurrent.for(ENDING)(
  'in a pipe esr $line prints what is stored',
  async ({ line, world, options }, context) => {
    const sim = await account(context, options);
    world(sim);
    const { out, code } = await esr(sim, ...line.split(' '));
    await context.expect(`${asStored(out)}exit code ${code}\n`).toMatchFileSnapshot(captureOf(line, 'pipe'));
  },
);

describe('the terminal of the tests', () => {
  it.each([
    ['keeps lines', 'one\r\ntwo\r\n', 'one\ntwo\n'],
    ['forgets colours', '\u001B[1m\u001B[31mred\u001B[39m\u001B[22m', 'red'],
    ['writes over what stands there', 'one\rtw', 'twe'],
    ['erases lines that were live', 'a\r\nlive\r\n\u001B[2K\u001B[1A\u001B[2K\u001B[Gend', 'a\nend\n'],
  ])('%s', (_, bytes, shown) => {
    expect(shownBy(bytes)).toBe(shown);
  });

  it('knows what it does not know', () => {
    expect(() => shownBy('\u001B[5C')).toThrow('does not know');
  });
});
