export interface Check {
  readonly name: string;
  /** What is checked, for the table of CONTRIBUTING.md. */
  readonly title: string;
  /** A command of bash, which may use the functions of functions.sh. */
  readonly run: string;
  readonly gate?: boolean;
  /** Whether it is run only if it is named: it takes hours. */
  readonly named?: boolean;
  /** Whether it repeats only test files, where nothing but these has failed or changed since its last result. */
  readonly repeats?: boolean;
  /** The days after which a result is out of date: it depends on what others publish. */
  readonly days?: number;
  /** Debian's packages, without which some tests would be skipped. */
  readonly packages?: readonly string[];
  /** Pathspecs of what the result depends on; everything if they are left out. */
  readonly files?: readonly string[];
  /** The folders and files of test/ that it runs: no other `.test.ts` file matters. All if they are left out. */
  readonly tests?: readonly string[];
}

/** The checks of a change: those of the gate, in their order, and the others. */
export const CHECKS: readonly Check[];
