/**
 * Validates policies and calls that callers make, and copies them, so that later changes by the caller have no effect.
 */
import { ABIS, type Abi, findAbi } from '../syscalls/abi.js';
import { MAX_ERRNO } from '../syscalls/errno.js';
import {
  copyFields,
  copyList,
  type Fields,
  numberProblem,
  type Path,
  type ProblemKind,
  propertyOf,
  type Refuse,
} from '../util/own-data.js';
import { ACTION_KINDS } from './action.js';
import type {
  AbiPolicy,
  Action,
  ComparisonOperator,
  Condition,
  Decision,
  NumberRange,
  Policy,
  PolicyCall,
} from './policy.js';

/** Limit on the elements of a list. A filter has at most 4,096 instructions, and could not distinguish as many. */
const MOST = 1 << 20;
const MAX_NUMBER = 0xffff_ffff;
const OPERATORS: readonly (ComparisonOperator | 'masked-eq')[] = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'masked-eq'];

/**
 * Validates and copies a policy. If `only` is given, copies no decisions but those that may apply to this call. Calls
 * `refuse` if the value is not a policy.
 */
export function readPolicy(policy: unknown, refuse: Refuse, only?: PolicyCall): Policy {
  const lists = new Map<unknown, readonly Decision[]>();
  const place = new Place(refuse, []);
  const { abis, defaultAction, foreignAction } = place.fields(policy);
  const seen = new Set<Abi>();
  const readOnce = (each: unknown, at: Place) => {
    const read = readAbiPolicy(each, at, lists, only);
    if (seen.has(read.abi)) at.at('abi').refuse(`${read.abi.name} already has an entry: combine the two`);
    seen.add(read.abi);
    return read;
  };
  return {
    abis: place.at('abis').map(abis, readOnce),
    defaultAction: readAction(defaultAction, place.at('defaultAction')),
    foreignAction: readAction(foreignAction, place.at('foreignAction')),
  };
}

/** Validates and copies a call. Calls `refuse` if the value is not a call. */
export function readCall(call: unknown, refuse: Refuse): PolicyCall {
  const place = new Place(refuse, []);
  const { arch, number, args, instructionPointer = 0n, ...others } = place.fields(call);
  for (const name of Object.keys(others)) place.at(name).refuse('is unknown: a call has arch, number and args');
  const registers = place.at('args').map(args, (each, at) => at.register(each));
  if (registers.length > 6) place.at('args').refuse('must have at most six elements');
  return {
    arch: place.at('arch').number(arch, MAX_NUMBER),
    number: place.at('number').number(number, MAX_NUMBER),
    args: registers,
    instructionPointer: place.at('instructionPointer').register(instructionPointer),
  };
}

/** Whether a value is meant as a policy: a profile has no `foreignAction`. */
export function isPolicy(value: unknown): value is Policy {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'foreignAction');
}

const bigintProblem = (value: unknown): ProblemKind => (typeof value === 'bigint' ? 'range' : 'type');

/** The path of a value in a policy or a call. Its methods validate such a value. */
class Place {
  readonly #refuse: Refuse;
  readonly #path: Path;

  constructor(refuse: Refuse, path: Path) {
    this.#refuse = refuse;
    this.#path = path;
  }

  at(key: string | number): Place {
    return new Place(this.#refuse, [...this.#path, key]);
  }

  /** `problem` is the predicate of a sentence about the value at this path. */
  refuse(problem: string, kind?: ProblemKind): never {
    return this.#refuse(this.#path, problem, kind);
  }

  fields(value: unknown): Fields {
    if (typeof value !== 'object' || value === null) return this.refuse('must be an object', 'type');
    return copyFields(value, this.#within);
  }

  map<Each>(value: unknown, read: (element: unknown, place: Place) => Each): readonly Each[] {
    if (typeof value !== 'object' || value === null) return this.refuse('must be an array', 'type');
    return copyList(value, MOST, this.#within).map((element, i) => read(element, this.at(i)));
  }

  number(value: unknown, most: number): number {
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value;
    return this.refuse(`must be an integer from 0 to ${most}`, numberProblem(value));
  }

  /** Returns the value of a register, given as a signed or an unsigned number. */
  register(value: unknown): bigint {
    if (typeof value === 'bigint' && value >= -(2n ** 63n) && value < 2n ** 64n) return BigInt.asUintN(64, value);
    return this.refuse('must be a bigint from -(2n ** 63n) to 2n ** 64n - 1n', bigintProblem(value));
  }

  readonly #within: Refuse = (path, problem, kind) => this.#refuse([...this.#path, ...path], problem, kind);
}

/**
 * `lists` has copies of lists that occur several times: a rule that names many syscalls has one list for all of them.
 */
function readAbiPolicy(
  value: unknown,
  place: Place,
  lists: Map<unknown, readonly Decision[]>,
  only: PolicyCall | undefined,
): AbiPolicy {
  const { abi: given, syscalls, ranges = [] } = place.fields(value);
  const abi = readAbi(given, place.at('abi'));
  if (only !== undefined && only.arch !== abi.audit) return { abi, syscalls: new Map(), ranges: [] };
  const readDecisions = (given: unknown, at: Place) => {
    const decisions = lists.get(given) ?? at.map(given, readDecision);
    lists.set(given, decisions);
    return decisions;
  };
  return {
    abi,
    syscalls: readSyscalls(syscalls, place.at('syscalls'), readDecisions, only?.number),
    ranges: readRanges(ranges, place.at('ranges'), readDecisions, only?.number),
  };
}

type ReadDecisions = (given: unknown, place: Place) => readonly Decision[];

function readAbi(value: unknown, place: Place): Abi {
  const name = typeof value === 'object' && value !== null ? propertyOf(value, 'name') : undefined;
  return findAbi(name) ?? place.refuse(`must be one of the ABIs ${[...ABIS.keys()].join(', ')}`);
}

function readSyscalls(
  value: unknown,
  place: Place,
  readDecisions: ReadDecisions,
  only: number | undefined,
): AbiPolicy['syscalls'] {
  if (!(value instanceof Map)) return place.refuse('must be a Map from syscall numbers to lists of decisions', 'type');
  const syscalls = new Map<number, readonly Decision[]>();
  const read = (decisions: unknown, number: unknown) => {
    const at = place.at(String(number));
    syscalls.set(at.number(number, MAX_NUMBER), readDecisions(decisions, at));
  };
  // The prototype's methods, as the Map may have methods of the caller's.
  if (only === undefined) Reflect.apply(Map.prototype.forEach, value, [read]);
  else if (Reflect.apply(Map.prototype.has, value, [only])) read(Reflect.apply(Map.prototype.get, value, [only]), only);
  return syscalls;
}

function readRanges(
  value: unknown,
  place: Place,
  readDecisions: ReadDecisions,
  only: number | undefined,
): readonly NumberRange[] {
  let next = 0;
  return place.map(value, (each, at) => {
    const { first: from, last: to, decisions } = at.fields(each);
    const first = at.at('first').number(from, MAX_NUMBER);
    const last = at.at('last').number(to, MAX_NUMBER);
    if (first < next || last < first)
      at.refuse('must not overlap the range before it, and must not end before it begins');
    next = last + 1;
    if (only !== undefined && (only < first || only > last)) return { first, last, decisions: [] };
    return { first, last, decisions: readDecisions(decisions, at.at('decisions')) };
  });
}

function readDecision(value: unknown, place: Place): Decision {
  const { conditions, action, rule } = place.fields(value);
  return {
    conditions: place.at('conditions').map(conditions, readCondition),
    action: readAction(action, place.at('action')),
    rule: rule === undefined ? undefined : place.at('rule').number(rule, MAX_NUMBER),
  };
}

function readCondition(value: unknown, place: Place): Condition {
  const fields = place.fields(value);
  const index = place.at('index').number(fields['index'], 5);
  const width = ([16, 32, 64] as const).find((each) => each === fields['width']);
  if (width === undefined) return place.at('width').refuse('must be 16, 32 or 64');
  const op = OPERATORS.find((each) => each === fields['op']);
  if (op === undefined) return place.at('op').refuse(`must be one of ${OPERATORS.join(', ')}`);
  const word = (name: 'value' | 'mask') => {
    const given = fields[name];
    if (typeof given === 'bigint' && BigInt.asUintN(width, given) === given) return given;
    return place.at(name).refuse(`must be a bigint from 0n to ${2n ** BigInt(width) - 1n}n`, bigintProblem(given));
  };
  const compared = { index, width, value: word('value') };
  return op === 'masked-eq' ? { ...compared, op, mask: word('mask') } : { ...compared, op };
}

function readAction(value: unknown, place: Place): Action {
  const { kind: name, errno, message, data } = place.fields(value);
  const kind = ACTION_KINDS.find((each) => each === name);
  switch (kind) {
    case undefined:
      return place.at('kind').refuse(`must be one of ${ACTION_KINDS.join(', ')}`);
    case 'errno':
      return { kind, errno: place.at('errno').number(errno, MAX_ERRNO) };
    case 'trace':
      return { kind, message: place.at('message').number(message, 0xffff) };
    case 'trap':
      return data === undefined ? { kind } : { kind, data: place.at('data').number(data, 0xffff) };
    default:
      return { kind };
  }
}
