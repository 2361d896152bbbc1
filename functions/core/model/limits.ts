/**
 * Reading and writing stop this long before the end of an invocation. The process then returns the messages while it is
 * still running: it has recorded what it did, and it keeps the revisions that it has read.
 */
export const RESERVE_MS = 30_000;

/** After this time ECS is certain to show the effect of an UpdateService call whose answer was lost. */
export const LOST_ANSWER_MS = 10_000;

/** The most services in one call of DescribeServices (functions/README.md, Quotas). */
export const SERVICES_A_CALL = 10;

/** How many calls, or groups of calls, are under way at once, by what they read or write. */
export const CONCURRENCY = {
  /** Reads of one quota group of ECS: enough to use the whole rate at a latency of two seconds. */
  ecsReads: 32,
  /** Clusters that are read: enough to use the whole rate, and few enough to complete some before the time ends. */
  clusters: 3,
  /** Groups of services that are rechecked and redeployed. */
  updates: 16,
  /** Parts of the fleet that are decided on and redeployed before everything has been read. */
  earlyParts: 8,
  /** Groups of services that are read because the snapshot hints at them. */
  hintGroups: 2,
  /** Services for which ECS is asked why their tasks stopped. */
  stoppedTasks: 8,
  /** Secrets and parameters whose metadata is read. */
  resources: 16,
  /** Questions about what a role may do. */
  access: 4,
  /** Messages on their way to the queue. */
  messages: 8,
} as const;

/** What ECS allows an account by default, in calls a second: each group of reads, and UpdateService (functions/README.md, Quotas). */
export const DEFAULT_QUOTA = { reads: 20, updates: 5 } as const;
