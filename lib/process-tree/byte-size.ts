/** Sizes in bytes, as a number or as a text with a unit such as `512M`. */

type Prefix = 'K' | 'M' | 'G' | 'T' | 'k' | 'm' | 'g' | 't';

/** A size with a unit, such as `512M`, `1.5G`, `64KiB` or `100MB`: K, M, G and T are powers of 1,024 in each of them. */
export type ByteSizeText = `${number}${Prefix}${'' | 'B' | 'iB' | 'b'}`;

/**
 * Bytes: an integer, as a bigint if it is above `Number.MAX_SAFE_INTEGER`; or a text with a unit, such as
 * `512M`, `1.5G`, `64KiB` or `100MB`. As for systemd and Docker, K, M, G and T are powers of 1,024, with or without B or
 * iB behind them.
 */
export type ByteSize = number | bigint | ByteSizeText;

/** Completes "must be …". */
export const BYTE_SIZE_FORMS =
  'a number of bytes, or a text such as "512M", "1.5G" or "64KiB", with the unit K, M, G or T (powers of 1,024)';

const TEXT = /^(\d{1,19})(?:\.(\d{1,19}))?([kmgt])(?:i?b)?$/i;
const EXPONENTS: Readonly<Record<string, bigint>> = { k: 10n, m: 20n, g: 30n, t: 40n };

/** The number of bytes, of which a fraction is left out; undefined for a value that is no size. */
export function byteSize(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value >= 0n ? value : undefined;
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined;
  const [, whole, fraction = '', prefix = ''] = (typeof value === 'string' && TEXT.exec(value)) || [];
  const exponent = EXPONENTS[prefix.toLowerCase()];
  if (whole === undefined || exponent === undefined) return undefined;
  return (BigInt(whole + fraction) << exponent) / 10n ** BigInt(fraction.length);
}

/** A size as a message shows it: with a unit if that is exact. */
export function showByteSize(bytes: bigint): string {
  const prefix = [...'tgmk'].find((each) => bytes > 0n && bytes % (1n << (EXPONENTS[each] ?? 0n)) === 0n);
  return prefix === undefined ? `${bytes} bytes` : `${bytes >> (EXPONENTS[prefix] ?? 0n)}${prefix.toUpperCase()}`;
}
