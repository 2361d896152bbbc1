import { createAgenda } from './agenda.ts';
import type { Aws } from './aws.ts';
import { createCloudWatchState } from './cloudwatch/state.ts';
import { dispatch, perform } from './dispatch.ts';
import { taskArn } from './ecs/names.ts';
import { heldBy, lastStaleStop, type StaleStop, type StaleTask, staleTasks } from './ecs/staleness.ts';
import { createEcsState, type TaskState, type Transition } from './ecs/state.ts';
import { everyTask, groupsOf, isRunning, tasksOf } from './ecs/tasks.ts';
import { type StateAt, stateAt } from './ecs/truth.ts';
import { type AwsEvent, createBus } from './events/bus.ts';
import { route } from './events/delivery.ts';
import { createDeliveryState } from './events/delivery-state.ts';
import { createFaults, type Faults } from './faults.ts';
import { type Listening, listen } from './http/server.ts';
import { Context } from './iam/conditions.ts';
import { isAllowed } from './iam/decide.ts';
import { createIamState, type IamState } from './iam/state.ts';
import { createIds } from './ids.ts';
import type { Input } from './input.ts';
import { createInstalledState } from './installed/state.ts';
import { createLedger, type DeploymentRecord, type Ledger } from './ledger.ts';
import { type SimulatorOptions, settle } from './options.ts';
import { createParametersState } from './parameters/state.ts';
import { type RotationOptions, rotateSecret } from './rotations.ts';
import { type Objects, objectsIn } from './s3/objects.ts';
import { createS3State } from './s3/state.ts';
import { prepareRotation, type Rotation } from './secrets/rotation.ts';
import { createSecretsState } from './secrets/state.ts';
import { queueAt } from './sqs/operations.ts';
import { createSqsState, enqueue, type Message } from './sqs/state.ts';
import { createThrottle, type Throttle } from './throttle.ts';
import { createWorld, type Named, serviceOf, type World } from './world/world.ts';

/** What a principal wants to do, and the values of the keys of conditions. */
export interface Wish {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, readonly string[]>>;
}

/** A running simulator: one account in one Region, reachable over HTTP and from the test itself. */
export interface Simulator {
  readonly endpoint: string;
  /** Answers a request without a socket, for callers that run in the simulator's own time. */
  readonly serve: Listening['serve'];
  /** The environment variables with which a child process or a bundle finds the simulator. */
  readonly env: Readonly<Record<string, string>>;
  readonly account: string;
  readonly region: string;
  readonly partition: string;
  readonly world: World;
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly throttle: Omit<Throttle, 'admit'>;
  /** Every event so far, oldest first. */
  readonly events: readonly AwsEvent[];
  /** Calls `listener` with every later event; answers a function that ends this. */
  onEvent(listener: (event: AwsEvent) => void): () => void;
  /** Puts every later event (that `when` accepts) on a queue, as an EventBridge rule does. */
  pipeEvents(queueUrl: string, when?: (event: AwsEvent) => boolean, delaySeconds?: number): () => void;
  /** Makes another account or Region a part of the same AWS: rules may put events on the buses of each other. */
  join(other: Simulator): void;
  /** An API call by another caller, without HTTP, throttling or faults. It is not among the ledger's calls. */
  act(
    service: 'ecs' | 'secretsmanager' | 'ssm' | 'sqs' | 's3' | 'events' | 'lambda' | 'iam',
    operation: string,
    input: Input,
    by?: string,
  ): unknown;
  /** A whole rotation: at once, or with time between the steps. */
  rotateSecret(secretId: string, options?: RotationOptions): Rotation;
  /** A rotation whose steps the test calls one by one. */
  prepareRotation(secretId: string): Rotation;
  /** Does all work that is due by now; requests and inspections do this by themselves. */
  advance(): void;
  /** Running tasks of ACTIVE services that hold an older version than a task started now would get. */
  staleTasks(resourceArn: string): readonly StaleTask[];
  /** What became of the service's latest deployment by `at` (now when absent), and since when; for judges. */
  stateOf(service: Named, at?: number): StateAt | undefined;
  /** Every change of state of the service's deployments so far, oldest first. */
  statesOf(service: Named): readonly Transition[];
  /**
   * How the service left the value that was current before the change at `changedAt`: how many tasks still run on it,
   * and when the last one that does not any more stopped (undefined if none ever ran on it).
   */
  lastStaleStop(resourceArn: string, service: Named, changedAt: number): StaleStop;
  /** Every task that the service ever had, with the instants of its life. */
  tasksOf(service: Named): readonly Pick<TaskState, 'createdAt' | 'startedAt' | 'stoppedAt'>[];
  /** Whether a request would be allowed, with all policies that take part: what IAM's policy simulator cannot know. */
  isAllowed(request: Wish): boolean;
  /** How IAM's policy simulator answers: how many resources a page, and in which shape. */
  readonly iam: Pick<IamState, 'pageSize' | 'oldShape'>;
  /** Which version of each resource every running task of a service holds: task ARN → resource ARN → version. */
  heldBy(service: Named): ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Every deployment that the service ever had, oldest first, with its caller. */
  deploymentsOf(serviceArn: string): readonly DeploymentRecord[];
  /** The messages in a queue, visible or not. */
  messagesIn(queueUrl: string): readonly Message[];
  /** The objects in a bucket, which a test may read and damage. */
  objects(bucket: string): Objects;
  close(): Promise<void>;
}

/** The simulated AWS behind each simulator, which has to know the others that it is joined with. */
const behind = new WeakMap<Simulator, Aws>();

/** Starts a simulator on a free port of 127.0.0.1. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const aws = createAws(options);
  const { settings, place } = aws;
  const throttle = createThrottle(aws.now, settings.throttleFactor);
  const faults = createFaults();
  const server = await listen((request) => dispatch(aws, throttle, faults, request));
  aws.sqs.endpoint = server.endpoint;
  const advance = (): void => aws.agenda.runUntil(aws.now());
  const ticking = settings.tickMs > 0 ? setInterval(advance, settings.tickMs).unref() : undefined;
  aws.bus.onEvent((event) => route(aws, 'default', event));
  const simulator: Simulator = {
    endpoint: server.endpoint,
    serve: server.serve,
    env: environment(aws, server.endpoint),
    account: place.account,
    region: place.region,
    partition: place.partition,
    world: createWorld(aws),
    ledger: aws.ledger,
    faults,
    throttle,
    events: aws.bus.events,
    onEvent: aws.bus.onEvent,
    pipeEvents: (queueUrl, when, delaySeconds) => pipe(aws, queueUrl, when, delaySeconds),
    join: (other) => join(aws, behind.get(other)),
    act: (service, operation, input, by = 'ANOTHER-CALLER') =>
      perform(aws, service, operation, input, { accessKeyId: by, userAgent: 'simulator' }),
    rotateSecret: (secretId, how) => rotateSecret(aws, secretId, how),
    prepareRotation: (secretId) => prepareRotation(aws, secretId, aws.now),
    advance,
    staleTasks(resourceArn) {
      advance();
      return staleTasks(aws, resourceArn, aws.now());
    },
    stateOf(named, at = aws.now()) {
      advance();
      return stateAt(serviceOf(aws, named), at);
    },
    statesOf(named) {
      advance();
      return serviceOf(aws, named).transitions;
    },
    lastStaleStop(resourceArn, named, changedAt) {
      advance();
      return lastStaleStop(aws, serviceOf(aws, named), resourceArn, changedAt);
    },
    tasksOf(named) {
      advance();
      return everyTask(aws, serviceOf(aws, named));
    },
    isAllowed: ({ context, ...wish }) =>
      isAllowed(aws, { ...wish, context: new Context(Object.entries(context)) }),
    iam: aws.iam,
    heldBy(named) {
      advance();
      return heldByTasks(aws, named);
    },
    deploymentsOf(serviceArn) {
      advance();
      return aws.ledger.deploymentsOf(serviceArn);
    },
    messagesIn: (queueUrl) => queueAt(aws, queueUrl).messages,
    objects: (bucket) => objectsIn(aws, bucket),
    async close() {
      clearInterval(ticking);
      await server.close();
    },
  };
  behind.set(simulator, aws);
  return simulator;
}

function join(aws: Aws, other: Aws | undefined): void {
  if (other === undefined) throw new Error('the other simulator was not started here');
  aws.others.add(other);
  other.others.add(aws);
}

function createAws(options: SimulatorOptions): Aws {
  const settings = settle(options);
  const ids = createIds(settings.seed);
  return {
    place: settings.place,
    now: settings.now,
    ids,
    agenda: createAgenda(),
    bus: createBus(settings.place, ids),
    delivery: createDeliveryState(),
    others: new Set(),
    ledger: createLedger(),
    settings,
    ecs: createEcsState(),
    secrets: createSecretsState(),
    parameters: createParametersState(),
    sqs: createSqsState(),
    s3: createS3State(),
    installed: createInstalledState(),
    cloudwatch: createCloudWatchState(),
    iam: createIamState(),
  };
}

function environment(aws: Aws, endpoint: string): Readonly<Record<string, string>> {
  return {
    AWS_REGION: aws.place.region,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: 'TESTING',
    AWS_SECRET_ACCESS_KEY: 'testing',
  };
}

function pipe(
  aws: Aws,
  queueUrl: string,
  when: (event: AwsEvent) => boolean = () => true,
  delaySeconds?: number,
): () => void {
  const queue = queueAt(aws, queueUrl);
  return aws.bus.onEvent((event) => {
    if (when(event))
      enqueue(aws.ids, queue, { body: JSON.stringify(event), attributes: {}, delaySeconds }, aws.now());
  });
}

function heldByTasks(aws: Aws, named: Named): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const service = serviceOf(aws, named);
  return new Map(
    groupsOf(service).flatMap((group) =>
      tasksOf(aws, service, group)
        .filter(isRunning)
        .map((task) => [taskArn(aws.place, service, task), heldBy(aws, group, task)] as const),
    ),
  );
}
