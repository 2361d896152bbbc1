/** AWS's token buckets for one account and Region, shared by all callers (functions/README.md, Quotas). */
export interface Throttle {
  /** Takes one token for a call; false means "Rate exceeded". Operations without a published limit always pass. */
  admit(service: string, operation: string): boolean;
  /** Takes the tokens that another caller in the account uses; the level may fall below zero. */
  consume(bucket: BucketName, tokens: number): void;
  /** Tokens left now. */
  left(bucket: BucketName): number;
  /** 0 switches throttling off; 0.5 halves every burst and refill. Buckets start full again. */
  scale(factor: number): void;
}

interface Limit {
  readonly burst: number;
  readonly perSecond: number;
  readonly operations: readonly string[];
}

/** AWS's published limits. Secrets Manager and SSM publish only a rate: their burst is the rate of one second. */
export const PUBLISHED_LIMITS = {
  'cluster-read': { burst: 50, perSecond: 20, operations: ['ecs:ListClusters', 'ecs:DescribeClusters'] },
  'service-read': { burst: 100, perSecond: 20, operations: ['ecs:ListServices', 'ecs:DescribeServices'] },
  'service-modify': {
    burst: 50,
    perSecond: 5,
    operations: ['ecs:UpdateService', 'ecs:CreateService', 'ecs:DeleteService'],
  },
  'task-definition-read': {
    burst: 50,
    perSecond: 20,
    operations: ['ecs:DescribeTaskDefinition', 'ecs:ListTaskDefinitions'],
  },
  'cluster-resource-read': { burst: 100, perSecond: 20, operations: ['ecs:ListTasks', 'ecs:DescribeTasks'] },
  'service-deployments': {
    burst: 50,
    perSecond: 20,
    operations: ['ecs:ListServiceDeployments', 'ecs:DescribeServiceDeployments'],
  },
  'describe-secret': { burst: 40_000, perSecond: 40_000, operations: ['secretsmanager:DescribeSecret'] },
  'list-secret-versions': {
    burst: 50,
    perSecond: 50,
    operations: ['secretsmanager:ListSecretVersionIds'],
  },
  'list-secrets': { burst: 100, perSecond: 100, operations: ['secretsmanager:ListSecrets'] },
  'describe-parameters': { burst: 3, perSecond: 3, operations: ['ssm:DescribeParameters'] },
} as const satisfies Record<string, Limit>;

export type BucketName = keyof typeof PUBLISHED_LIMITS;

const BUCKET_OF: ReadonlyMap<string, BucketName> = new Map(
  bucketNames().flatMap((name) =>
    PUBLISHED_LIMITS[name].operations.map((operation) => [operation, name] as const),
  ),
);

/** The bucket that a call takes its token from; undefined when no limit is published. */
export function bucketOf(service: string, operation: string): BucketName | undefined {
  return BUCKET_OF.get(`${service}:${operation}`);
}

/** Full buckets that refill as `now` advances; `factor` as in `scale`. */
export function createThrottle(now: () => number, initialFactor: number): Throttle {
  let factor = initialFactor;
  let levels = new Map<BucketName, { tokens: number; at: number }>();

  const levelOf = (bucket: BucketName): { tokens: number; at: number } => {
    const { burst, perSecond } = PUBLISHED_LIMITS[bucket];
    const at = now();
    const level = levels.get(bucket) ?? { tokens: burst * factor, at };
    const elapsed = Math.max(0, at - level.at) / 1000;
    level.tokens = Math.min(burst * factor, level.tokens + elapsed * perSecond * factor);
    level.at = Math.max(at, level.at);
    levels.set(bucket, level);
    return level;
  };

  return {
    admit(service, operation) {
      const bucket = bucketOf(service, operation);
      if (bucket === undefined || factor === 0) return true;
      const level = levelOf(bucket);
      if (level.tokens < 1) return false;
      level.tokens -= 1;
      return true;
    },
    consume(bucket, tokens) {
      levelOf(bucket).tokens -= tokens;
    },
    left: (bucket) => levelOf(bucket).tokens,
    scale(next) {
      factor = next;
      levels = new Map();
    },
  };
}

function bucketNames(): readonly BucketName[] {
  return Object.keys(PUBLISHED_LIMITS).filter((name): name is BucketName => name in PUBLISHED_LIMITS);
}
