/** Conflicts: rules on one syscall that stand in each other's way, and rules that say nothing. */
import { permissiveness, returnValue } from '../policy/action.js';
import type { Condition } from '../policy/policy.js';
import { canHold } from '../policy/region.js';
import type { Grade, Remarks } from './remarks.js';
import type { HostRule, Reader, Statement } from './statements.js';

/** How many pairs of rules with arguments are held against each other, in one profile. */
const MOST_PAIRS = 4000;

/** Looks for conflicts, syscall by syscall. */
export class Conflicts {
  readonly #reader: Reader;
  readonly #remarks: Remarks;
  #pairs = 0;

  constructor(reader: Reader) {
    this.#reader = reader;
    this.#remarks = reader.remarks;
  }

  /** Remarks on the statements about one number, in the order of the document. */
  among(statements: readonly Statement[]): void {
    if (statements.length < 2) return;
    const ordinary = statements.filter(({ source }) => !isDefault(source, this.#reader));
    const isOfOneAction = statements.every((each, _, [first = each]) => isAlike(each, first));
    if (!isOfOneAction) {
      this.#refused(ordinary);
      this.#dropped(statements, ordinary);
    }
    const counting = this.#reader.mode === 'compat' ? ordinary : statements;
    const unconditional = counting.find(({ conditions }) => conditions.length === 0);
    if (unconditional !== undefined) this.#dead(counting, unconditional);
    else this.#overlapping(counting);
  }

  /**
   * What libseccomp refuses, with EEXIST: two actions under the same conditions, and under those of a rule before, as
   * far as they go by order of arguments. A rule without conditions ends the search, since it replaces what was there.
   */
  #refused(statements: readonly Statement[]): void {
    const known = new Map<string, Statement>();
    const begun = new Map<string, Statement[]>();
    for (const statement of statements) {
      if (statement.conditions.length === 0) return;
      const keys = prefixes(statement.conditions);
      const [whole = ''] = keys.slice(-1);
      const same = known.get(whole) ?? statement;
      const other = [same, ...(begun.get(whole) ?? [])].find((each) => !isAlike(each, statement));
      if (other !== undefined) {
        this.#remark('refused', statement, other, 'refused', (names, there) =>
          other === same
            ? `gives ${names} another action than ${there} under the same conditions: keep one of the two`
            : `gives ${names} another action than ${there}, which has more conditions: container runtimes refuse that, so write this rule first`,
        );
      }
      known.set(whole, same);
      for (const key of keys.slice(0, -1)) {
        const others = begun.get(key) ?? [];
        // Two actions are enough: any other differs from one of them.
        if (others.length < 2 && !others.some((each) => isAlike(each, statement)))
          begun.set(key, [...others, statement]);
      }
    }
  }

  /** Rules that runtimes leave out for having the default action, where another rule then lets calls through. */
  #dropped(statements: readonly Statement[], ordinary: readonly Statement[]): void {
    if (ordinary.length === statements.length) return;
    const { defaultAction } = this.#reader;
    const looser = ordinary.filter(({ action }) => permissiveness(action) > permissiveness(defaultAction));
    for (const statement of statements) {
      if (!isDefault(statement.source, this.#reader)) continue;
      for (const other of looser) {
        if (!this.#overlap(statement, other)) continue;
        this.#remark(
          'error',
          statement,
          other,
          'dropped',
          (names, there) =>
            `container runtimes leave this rule out, as its action is the default one, and ${there} lets ${names} through: keep one of the two`,
        );
        break;
      }
    }
  }

  /** Rules that never come to bear because another has no conditions. */
  #dead(statements: readonly Statement[], winner: Statement): void {
    for (const statement of statements) {
      if (statement === winner) continue;
      const hasConditions = statement.conditions.length > 0;
      if (isAlike(statement, winner)) {
        // Two names may be one call, and one rule with a comparison too many several statements.
        const isSame = statement.source === winner.source;
        if (statement.syscall !== winner.syscall || (isSame && hasConditions)) continue;
        this.#remark('warning', statement, winner, 'again', (names, there) =>
          isSame ? `names ${names} twice` : `says nothing about ${names} that ${there} does not say`,
        );
        continue;
      }
      const isLost = permissiveness(statement.action) < permissiveness(winner.action);
      if (isLost && isDefault(statement.source, this.#reader)) continue; // Said already: it is left out.
      this.#remark(isLost ? 'error' : 'warning', statement, winner, 'dead', (names, there) =>
        hasConditions
          ? `has no effect on ${names}: ${there} decides it without conditions, which outweighs rules that have some`
          : `has no effect on ${names}: ${there} comes first`,
      );
    }
  }

  /** Rules of different actions of which the same arguments may meet the conditions. */
  #overlapping(statements: readonly Statement[]): void {
    if (statements.every((each, _, [first = each]) => isAlike(each, first))) return;
    for (const statement of statements) {
      for (const other of statements) {
        if (other === statement) break;
        if (this.#pairs >= MOST_PAIRS) {
          this.#remark(
            'warning',
            statement,
            statement,
            'many',
            (names) =>
              `too many rules on ${names} to look for overlaps: where two hold, the most restrictive action is taken`,
          );
          return;
        }
        if (isAlike(statement, other)) this.#pairs++;
        else if (this.#overlap(statement, other))
          this.#remark(
            'warning',
            statement,
            other,
            'overlap',
            (names, there) =>
              `overlaps with ${there} for ${names}: where both hold, the most restrictive action is taken`,
          );
      }
    }
  }

  /** Whether there are arguments for which both hold. Yes, beyond the pairs that are looked at. */
  #overlap(a: Statement, b: Statement): boolean {
    if (a.conditions.length === 0 || b.conditions.length === 0) return true;
    return this.#pairs++ >= MOST_PAIRS || canHold([...a.conditions, ...b.conditions]);
  }

  #remark(
    grade: Grade,
    at: Statement,
    other: Statement,
    kind: string,
    words: (names: string, there: string) => string,
  ): void {
    if (this.#remarks.isFull(grade)) return;
    const there = at.source === other.source ? 'itself' : `syscalls[${other.source.index}]`;
    const place = ['syscalls', at.source.index];
    this.#remarks.add(grade, place, `${kind} ${there}`, (names) => words(names, there), at.syscall);
  }
}

/** Whether a rule has the default action, so that runtimes leave it out. Source: runc's matchCall. */
export function isDefault({ action }: HostRule, { defaultAction }: Pick<Reader, 'defaultAction'>): boolean {
  return returnValue(action) === returnValue(defaultAction);
}

function isAlike(a: Statement, b: Statement): boolean {
  return returnValue(a.action) === returnValue(b.action);
}

/** The conditions as keys, by order of arguments: the first, the first two, …, all of them. */
function prefixes(conditions: readonly Condition[]): readonly string[] {
  let key = '';
  return conditions
    .toSorted((a, b) => a.index - b.index)
    .map((condition) => {
      const mask = condition.op === 'masked-eq' ? condition.mask : '';
      key += ` ${condition.index} ${condition.op} ${condition.value} ${mask}`;
      return key;
    });
}
