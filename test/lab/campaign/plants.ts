import type { Theme } from './themes.ts';

/** A defect that is planted in a source while it is bundled; the file itself is not changed. */
export type Plant = {
  readonly name: string;
  readonly what: string;
  /** Where it is likely to show; undefined: in the worlds of the campaign. */
  readonly theme?: Theme;
  readonly file: string;
  /** The text to replace. It must stand in the file exactly once, otherwise the campaign fails. */
  readonly find: string;
  readonly put: string;
};

/** The defects that the campaign must catch. */
export const PLANTS: readonly Plant[] = [
  {
    name: 'dropped-follow-up',
    what: 'one of the follow-ups of a look is never sent',
    file: 'functions/pipeline/follow-up/follow-up.ts',
    find: "others.filter(({ pace }) => pace !== 'over').map(lookOf)",
    put: "others.filter(({ pace }) => pace !== 'over').map(lookOf).slice(1)",
  },
  {
    name: 'forgotten-page',
    what: 'only the first page of ListServices is read',
    file: 'functions/aws/ecs/calls.ts',
    find: 'return { items: answer.serviceArns, nextToken: answer.nextToken };',
    put: 'return { items: answer.serviceArns, nextToken: undefined };',
  },
  {
    name: 'pending-is-a-change',
    what: 'PutSecretValue at AWSPENDING counts as a change',
    file: 'functions/core/confirm/event.ts',
    find: "? ignored('pending-label')\n    : created(",
    put: "? { kind: 'label-moved', secret: named(event), label: CURRENT }\n    : created(",
  },
  {
    name: 'compared-by-prefix',
    what: 'a reference matches every secret whose ARN it begins with',
    file: 'functions/core/match/subject-index.ts',
    find: ': [target.id];',
    put: ': [...this.#byId.keys()].filter((id) => target.id.startsWith(id));',
  },
  {
    name: 'blind-retry',
    what: 'an UpdateService whose answer was lost is called again at once',
    file: 'functions/aws/clients.ts',
    find: 'new ECSClient({ maxAttempts: 1, requestHandler })',
    put: 'new ECSClient({ maxAttempts: 5, requestHandler })',
  },
  {
    name: 'failed-read-is-done',
    what: 'a message is acknowledged although the fleet could not be read',
    file: 'functions/on-change.ts',
    find: 'return result.confirmed.messageIds;',
    put: 'return [];',
  },
  {
    name: 'cluster-opt-out-ignored',
    what: 'the opt-out tag of a cluster is ignored',
    file: 'functions/core/model/tags.ts',
    find: 'if (isOff(tags) || isOff(cluster.tags)) return true;',
    put: 'if (isOff(tags)) return true;',
  },
];
