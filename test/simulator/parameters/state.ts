import { arnOf, type Place } from '../place.ts';

/** A parameter as it was from `at` until the next view. */
export interface ParameterView {
  readonly at: number;
  readonly version: number;
  readonly type: string;
  readonly description: string | undefined;
  /** The key of a SecureString; the store's own when absent. */
  readonly keyId?: string;
  readonly tier?: 'Standard' | 'Advanced';
  readonly tags: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, number>>;
  readonly modifiedAt: number;
  readonly deleted: boolean;
}

/** A parameter with its whole history; one that is deleted and created again starts at version 1. */
export interface ParameterState {
  readonly name: string;
  readonly arn: string;
  readonly history: ParameterView[];
}

/** Every parameter that ever existed, by `keyOf(name)`. */
export interface ParametersState {
  readonly byKey: Map<string, ParameterState>;
}

/** No parameters. */
export function createParametersState(): ParametersState {
  return { byKey: new Map() };
}

/** `/foo` and `foo` are one root parameter; nested names keep their slash. */
export function keyOf(name: string): string {
  return name.lastIndexOf('/') === 0 ? name.slice(1) : name;
}

/** `parameter/a/b` for `/a/b`: the ARN leaves the leading slash out (functions/README.md, References). */
function parameterArn(place: Place, name: string): string {
  return arnOf(place, 'ssm', `parameter${name.startsWith('/') ? '' : '/'}${name}`);
}

/** The parameter as it was at `at`; undefined if it did not exist then. */
export function parameterAt(parameter: ParameterState, at: number): ParameterView | undefined {
  const view = parameter.history.findLast((candidate) => candidate.at <= at);
  return view === undefined || view.deleted ? undefined : view;
}

/** The parameter of that name that exists now. */
export function findParameter(
  parameters: ParametersState,
  name: string,
): { readonly state: ParameterState; readonly view: ParameterView } | undefined {
  const state = parameters.byKey.get(keyOf(name));
  const view = state === undefined ? undefined : parameterAt(state, Number.POSITIVE_INFINITY);
  return state === undefined || view === undefined ? undefined : { state, view };
}

/** Records the parameter's next view; creates the parameter if it does not exist. */
export function writeParameter(
  parameters: ParametersState,
  place: Place,
  name: string,
  view: ParameterView,
): ParameterState {
  const key = keyOf(name);
  const state = parameters.byKey.get(key) ?? { name, arn: parameterArn(place, name), history: [] };
  state.history.push(view);
  parameters.byKey.set(key, state);
  return state;
}
