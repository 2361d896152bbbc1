import type { Aws } from './aws.ts';
import { prepareRotation, type Rotation } from './secrets/rotation.ts';

/** The course of a rotation. */
export interface RotationOptions {
  /** Time between the steps; 0 (all at once) when absent. */
  readonly stepMs?: number;
  /** The rotation fails `before` or `after` AWSCURRENT has moved; with `after` the new value is still current. */
  readonly fails?: 'before' | 'after';
}

/** Rotates a secret in its real steps, at once or spread over time (then each step happens as the world advances). */
export function rotateSecret(aws: Aws, secretId: string, options: RotationOptions = {}): Rotation {
  const { stepMs = 0, fails } = options;
  const start = aws.now();
  aws.agenda.runUntil(start);
  let current = start;
  const rotation = prepareRotation(aws, secretId, () => current);
  const steps = stepsOf(rotation, fails);
  for (const [index, step] of steps.entries()) {
    aws.agenda.at(start + index * stepMs, (at) => {
      current = at;
      step();
    });
  }
  aws.agenda.runUntil(start);
  return rotation;
}

function stepsOf(rotation: Rotation, fails: RotationOptions['fails']): readonly (() => void)[] {
  const { begin, createSecret, setSecret, testSecret, finishSecret, succeed } = rotation;
  const fail = (): void => rotation.fail();
  if (fails === 'before') return [begin, createSecret, setSecret, fail];
  return [begin, createSecret, setSecret, testSecret, finishSecret, fails === 'after' ? fail : succeed];
}
