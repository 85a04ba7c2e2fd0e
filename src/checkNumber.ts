/** Where a number must lie; without any it must only be finite. */
interface Bounds {
  from?: number;
  above?: number;
  to?: number;
  below?: number;
  integer?: boolean;
}

/** Throws, in one line, unless an option is a finite number (never NaN) within bounds. @param what - "Adam: lr" */
export function checkNumber(what: string, value: number, bounds: Bounds): void {
  const { from = -Infinity, above = -Infinity, to = Infinity, below = Infinity, integer = false } = bounds;
  const fits = integer ? Number.isInteger(value) : Number.isFinite(value);
  if (fits && value >= from && value > above && value <= to && value < below) return;
  const words = [
    ...(['from', 'above'] as const).flatMap((word) => (word in bounds ? [`${word} ${bounds[word]}`] : [])),
    ...(to < Infinity ? [`to ${to}`] : below < Infinity ? [`to below ${below}`] : []),
  ];
  throw new RangeError(
    `${what} must be ${[integer ? 'an integer' : 'a number', ...words].join(' ')}, not ${String(value)}.`,
  );
}
