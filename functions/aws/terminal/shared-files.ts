import {
  loadConfig,
  NODE_REGION_CONFIG_FILE_OPTIONS,
  NODE_REGION_CONFIG_OPTIONS,
  parseKnownFiles,
} from '@smithy/core/config';
import type { Profiles } from '../../core/credentials/profile.ts';

/** The profiles of the shared files, as the SDK reads them: files that cannot be read count as empty. */
export function readProfiles(): Promise<Profiles> {
  return parseKnownFiles({});
}

/** The Region that the SDK takes from the environment, the profile or the metadata service; undefined: none. */
export async function sdkRegion(): Promise<string | undefined> {
  try {
    return await loadConfig(NODE_REGION_CONFIG_OPTIONS, NODE_REGION_CONFIG_FILE_OPTIONS)();
  } catch {
    return undefined;
  }
}
