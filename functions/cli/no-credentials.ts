import { principalCause } from '../core/credentials/findings.ts';

/** Why this process has no credentials; undefined: it has some, or why is not known. The flags have been applied already. */
export async function whyNone(signal: AbortSignal): Promise<string | undefined> {
  // Only a command that fails needs it.
  const { diagnose } = await import('../runtime/credentials.ts');
  return principalCause(await diagnose({ region: undefined, profile: undefined }, signal));
}
