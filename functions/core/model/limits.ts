/**
 * So long before the end of an invocation reading and writing stop: the messages come back from a living process, which has
 * said what it did and keeps the revisions it has read.
 */
export const RESERVE_MS = 30_000;

/** ECS shows what became of an UpdateService whose answer was lost no sooner than this for certain. */
export const LOST_ANSWER_MS = 10_000;

/** How many calls, or groups of calls, are under way at once, by what they go to. */
export const CONCURRENCY = {
  /** Reads of one quota group of ECS: enough to use the whole rate at a latency of two seconds. */
  ecsReads: 32,
  /** Clusters that are read: enough to use the whole rate, and few, so that whole ones are read when the time ends. */
  clusters: 3,
  /** Groups of services that are looked at and redeployed. */
  updates: 16,
  /** Parts of the fleet that are decided upon and redeployed before everything has been read. */
  earlyParts: 8,
  /** Groups of hinted services that are read. */
  hintGroups: 2,
  /** Services of which it is asked why their tasks stopped. */
  stoppedTasks: 8,
  /** Secrets and parameters that are asked about. */
  resources: 16,
  /** Messages on their way to the queue. */
  messages: 8,
  /** Delays for which follow-ups are sent. */
  delays: 2,
} as const;
