import { waveOf } from './member.ts';
import type { Exposure } from './watch.ts';

/** When the services of one wave got the new value of one resource: instants in milliseconds. */
export type Wave = {
  readonly wave: number;
  readonly services: readonly string[];
  /** Infinite if no service was redeployed. */
  readonly firstAcceptedAt: number;
  /** Infinite while a task holds the old value. */
  readonly lastGoneAt: number;
};

/** The waves of the services that are to be redeployed, in order. */
export function wavesOf(resource: string, exposures: readonly Exposure[]): readonly Wave[] {
  const own = exposures.filter((one) => one.resource === resource && one.member.expect === 'redeployed');
  const waves = [...new Set(own.map(({ member }) => waveOf(member)))].sort((a, b) => a - b);
  return waves.map((wave) => {
    const members = own.filter(({ member }) => waveOf(member) === wave);
    return {
      wave,
      services: members.map(({ member }) => member.name),
      firstAcceptedAt: Math.min(...members.map(({ acceptedAt }) => acceptedAt ?? Infinity)),
      lastGoneAt: Math.max(...members.map(({ goneAt }) => goneAt ?? Infinity)),
    };
  });
}
