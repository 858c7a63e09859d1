/**
 * Plain copies of the objects that callers pass. Only own data properties are read, each of them once. The copies
 * inherit nothing, so that an absent property is undefined even if `Object.prototype` is polluted.
 */

/** An object that inherits no properties. */
export type Fields = Record<string, unknown>;

/** The prototype of such objects. V8 is much slower with objects whose prototype is null. */
const NO_PROPERTIES: object = Object.freeze(Object.create(null));

export function emptyFields(): Fields {
  return Object.create(NO_PROPERTIES);
}

/** Returns a copy of an internal object, from which optional properties can be read. */
export function own<Value extends object>(value: Value): Value {
  return Object.assign(Object.create(NO_PROPERTIES), value);
}

/** Returns a copy of an internal object without its properties that are undefined. */
export function withoutUndefined<Value extends object>(
  value: Value,
): { [Key in keyof Value]?: Exclude<Value[Key], undefined> };
export function withoutUndefined(value: object): object {
  return own(Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)));
}

/**
 * Returns an object to which properties of these names can be assigned. It is empty, unless `Object.prototype` has a
 * property of one of the names: an assignment could then call a setter. This is faster than defining each property.
 */
export function recordFor(entries: readonly (readonly [name: string, ...unknown[]])[]): Fields {
  const isSafe = entries.every(([name]) => !(name in Object.prototype));
  return isSafe ? {} : Object.fromEntries(entries.map(([name]) => [name, undefined]));
}

/**
 * Defines properties as an object literal does. Object.assign would call a setter of the same name on
 * `Object.prototype`, and would fail if `Object.prototype` has a read-only property of that name.
 */
export function define<Target extends object, Properties extends object>(
  target: Target,
  properties: Properties,
): Target & Properties {
  for (const [name, value] of Object.entries(properties))
    Object.defineProperty(target, name, own({ value, writable: true, enumerable: true, configurable: true }));
  return target as Target & Properties;
}

/** Gives a function the name and the number of parameters of another. */
export function nameAs<Implementation extends (...parameters: never[]) => unknown>(
  implementation: Implementation,
  { name, length }: { readonly name: string; readonly length: number },
): Implementation {
  for (const [key, value] of Object.entries({ name, length }))
    Reflect.defineProperty(implementation, key, own({ value, configurable: true }));
  return implementation;
}

/** Freezes an internal value deeply: plain objects and arrays. Does not descend into a part that is frozen already. */
export function freeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(Object.freeze(value))) freeze(part);
  return value;
}

/** Returns the integers from 0 to `count` − 1. Array.from({ length }) would read `Object.prototype`. */
export function indices(count: number): readonly number[] {
  return [...new Array<undefined>(count).keys()];
}

/** Whether an internal value belongs to the members of its union that have this property. */
export function has<Value extends object, Key extends string>(
  value: Value,
  key: Key,
): value is Extract<Value, Readonly<Record<Key, unknown>>> {
  return Object.hasOwn(value, key);
}

/**
 * Returns a property of an instance that it has itself or inherits, but not from `Object.prototype`; otherwise
 * undefined.
 */
export function propertyOf(instance: object, name: string): unknown {
  let owner: object | null = instance;
  while (owner !== null && !isObjectPrototype(owner)) {
    if (Object.hasOwn(owner, name)) return Reflect.get(owner, name, instance);
    owner = Object.getPrototypeOf(owner);
  }
  return undefined;
}

/** Keys and indices that lead from a value to one of its parts. */
export type Path = readonly (string | number)[];

/** What is wrong with a value: its type, or, for a value of that type, the value, or the size of a number. */
export type ProblemKind = 'type' | 'value' | 'range';

/** The problem with a value that is to be a number. */
export const numberProblem = (value: unknown): ProblemKind =>
  typeof value === 'number' || typeof value === 'bigint' ? 'range' : 'type';

/**
 * Throws the error for a value that cannot be used. `problem` is the predicate of a sentence about the part at `path`.
 * Default of `kind`: `value`.
 */
export type Refuse = (path: Path, problem: string, kind?: ProblemKind) => never;

/** Copies the properties of a plain object. The values themselves are not copied. */
export function copyFields(value: object, refuse: Refuse): Fields {
  if (kindOf(value) !== 'object') refuse([], `must be a plain object, not ${nameOf(value)}`, 'type');
  return readFields(value, [], refuse);
}

/** Copies an array of at most `most` elements. The elements themselves are not copied. */
export function copyList(value: object, most: number, refuse: Refuse): unknown[] {
  if (kindOf(value) !== 'array') refuse([], `must be an array, not ${nameOf(value)}`, 'type');
  return readElements(value, most, [], refuse);
}

/** Limits of a copied value: the depth of its nesting, and the number of values in it. */
export interface Bounds {
  readonly depth: number;
  readonly values: number;
}

/**
 * Copies a value deeply: plain objects, arrays and primitives.
 *
 * @param isKept - Whether another object is kept as it is, instead of refused.
 */
export function copyDeeply(
  value: unknown,
  bounds: Bounds,
  refuse: Refuse,
  isKept: (object: object) => boolean = () => false,
): unknown {
  /** Leads to the value that is being copied. */
  const path: (string | number)[] = [];
  let values = 0;
  const inside = (key: string | number, part: unknown) => {
    path.push(key);
    const copied = copy(part);
    path.pop();
    return copied;
  };
  const copy = (part: unknown): unknown => {
    if (++values > bounds.values) refuse(path, `is one of more than ${bounds.values} values: remove some`);
    if (typeof part !== 'object' || part === null) return part;
    if (path.length > bounds.depth) refuse(path, `is nested more than ${bounds.depth} levels deep`);
    const kind = kindOf(part);
    if (kind === 'other' && isKept(part)) return part;
    if (kind === 'other') refuse(path, `must be a plain object or an array, not ${nameOf(part)}`, 'type');
    if (kind === 'array')
      return readElements(part, bounds.values, path, refuse).map((element, i) => inside(i, element));
    const fields = readFields(part, path, refuse);
    for (const key of Object.keys(fields)) fields[key] = inside(key, fields[key]);
    return fields;
  };
  return copy(value);
}

/** Classifies an object by its prototype. `other`: an instance of a class, or an object that inherits from another. */
function kindOf(value: object): 'object' | 'array' | 'other' {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (Array.isArray(value)) return prototype !== null && isArrayPrototype(prototype) ? 'array' : 'other';
  const isPlain = prototype === null || prototype === NO_PROPERTIES || isObjectPrototype(prototype);
  return isPlain ? 'object' : 'other';
}

/** Whether a value is an object, and no array and no instance of a class. */
export function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && kindOf(value) === 'object';
}

/** Describes, for a message, an object that is not plain; undefined for a plain one. */
export function notPlain(value: object): string | undefined {
  return isPlain(value) ? undefined : nameOf(value);
}

/** Whether this is an `Object.prototype`, of this realm or another: each context of node:vm has its own. */
export function isObjectPrototype(value: object): boolean {
  if (value === Object.prototype) return true;
  return Object.getPrototypeOf(value) === null && NATIVE_METHODS.every((name) => Object.hasOwn(value, name));
}

const NATIVE_METHODS = ['hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable', '__lookupGetter__'];

/** Whether this is an `Array.prototype`, of this realm or another. It is the only prototype that is an array itself. */
function isArrayPrototype(value: object): boolean {
  if (value === Array.prototype) return true;
  const parent: object | null = Object.getPrototypeOf(value);
  return Array.isArray(value) && parent !== null && isObjectPrototype(parent) && Object.hasOwn(value, 'toSpliced');
}

function readFields(value: object, path: Path, refuse: Refuse): Fields {
  const fields = emptyFields();
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol') return refuse(path, `has the key ${String(key)}, and symbols are not allowed as keys`);
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property === undefined || !Object.hasOwn(property, 'value')) return refuse([...path, key], NO_GETTERS);
    fields[key] = property.value;
  }
  return fields;
}

function readElements(value: object, most: number, path: Path, refuse: Refuse): unknown[] {
  const length: unknown = Object.getOwnPropertyDescriptor(value, 'length')?.value;
  if (typeof length !== 'number' || length > most) return refuse(path, `has ${length} elements, more than ${most}`);
  const keys = Reflect.ownKeys(value);
  // If every position has a property, as is checked below, there is one key more: `length`.
  const other = keys.length === length + 1 ? undefined : keys.find((key) => !isPosition(key, length));
  const elements: unknown[] = [];
  for (let i = 0; i < length; i++) {
    const property = Object.getOwnPropertyDescriptor(value, i);
    if (property === undefined) return refuse([...path, i], 'is a hole: give every element');
    if (!Object.hasOwn(property, 'value')) return refuse([...path, i], NO_GETTERS);
    elements.push(property.value);
  }
  if (other !== undefined)
    return refuse(path, `has ${String(other)} beside its elements: give an array that has only elements`);
  return elements;
}

/** Whether a key of an array is an element's index or `length`. */
function isPosition(key: string | symbol, length: number): boolean {
  if (typeof key === 'symbol') return false;
  return key === 'length' || (String(Number(key) >>> 0) === key && Number(key) < length);
}

const NO_GETTERS = 'is a getter: give the value itself, since a getter may return another value each time';

/** Describes a value for a message. */
function nameOf(value: object): string {
  if (Array.isArray(value))
    return isArrayPrototype(Object(Object.getPrototypeOf(value))) ? 'an array' : 'a kind of array';
  const prototype: object | null = Object.getPrototypeOf(value);
  const maker: unknown =
    prototype === null ? undefined : Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  if (typeof maker === 'function' && maker !== Object) return `an instance of ${maker.name || 'a class'}`;
  return 'an object that inherits from another: pass a copy, { ...object }';
}
