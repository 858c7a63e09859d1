/** Collects what is wrong with a sandbox file, each problem with the path of the value in the document. */
import type { Diagnostic } from '../../profile/document/diagnostics.js';
import type { Path } from '../../util/own-data.js';

export class Problems {
  readonly #all: Diagnostic[] = [];

  get all(): readonly Diagnostic[] {
    return this.#all;
  }

  get hasErrors(): boolean {
    return this.#all.some(({ severity }) => severity === 'error');
  }

  /** Reports what keeps a value from being used. Returns what stands for that value. */
  error(path: Path, message: string): undefined {
    this.#all.push({ path, message, severity: 'error' });
  }

  /** Reports what is probably a mistake. */
  warn(path: Path, message: string): void {
    this.#all.push({ path, message, severity: 'warning' });
  }

  /**
   * Runs a check of the option that a value becomes. The message of what it throws is reported without the place, which
   * `path` says.
   */
  attempt<Result>(path: Path, check: () => Result): Result | undefined {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return this.error(path, error.message.replace(PLACE, ''));
    }
  }
}

/** The place that a check is told, and names at the beginning of its messages. */
export const HERE = '<here>';

/** What `attempt` removes: this, or an option's name. */
const PLACE = /^(?:<here>[^:]*|options\.[\w.]+): /;
