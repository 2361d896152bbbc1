import type { Match } from '../match/match.ts';
import type { Subject } from '../model/change.ts';
import type { Fleet } from '../model/fleet.ts';
import { alsoWarnings, invalidTag, type TagWarning, tagWarnings } from '../model/tags.ts';

/**
 * The invalid tags of what matched. Of every other service only the `also` tags count: one that is mistyped names nothing,
 * and this is why the service did not match.
 */
export function tagWarningsIn(
  fleet: Fleet,
  subjects: readonly Subject[],
  matches: readonly Match[],
): readonly TagWarning[] {
  const matched = new Map(matches.map(({ service }) => [service.key, service]));
  const others = fleet.services.filter(({ key }) => !matched.has(key));
  return [
    ...[...matched.values()].flatMap(tagWarnings),
    ...others.flatMap(alsoWarnings),
    ...subjects.flatMap((one) =>
      one.kind === 'change' && one.change.invalidTag ? invalidTag(one.change.arn) : [],
    ),
  ];
}
