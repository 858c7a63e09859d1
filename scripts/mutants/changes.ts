/** A small change of a file's text: these characters are replaced. */
export interface Change {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
  readonly to: string;
}
