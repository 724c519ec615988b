/** Numbers as people read them: three digits that count, and a unit. */

const STEPS = ['', 'k', 'M', 'G', 'T', 'P'] as const;

function scaled(value: number, unit: string): string {
  let step = 0;
  let left = Math.abs(value);
  while (left >= 999.5 && step < STEPS.length - 1) {
    left /= 1000;
    step++;
  }
  const digits =
    left >= 99.95 || (step === 0 && left === Math.round(left)) ? 0 : left >= 9.995 ? 1 : 2;
  const sign = value < 0 ? '-' : '';
  return `${sign}${left.toFixed(digits)} ${STEPS[step]}${unit}`.trimEnd();
}

/** `412 kB`, `1.33 TB`; `12 B` below a thousand. */
export const bytesText = (bytes: number): string => scaled(Math.round(bytes), 'B');

/** `412 kB/s`. */
export const rateText = (bytesPerSecond: number): string => `${bytesText(bytesPerSecond)}/s`;

const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const TENTHS = new Intl.NumberFormat('en-US', {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

/** `12,345`. */
export const countText = (count: number): string => WHOLE.format(count);

/** `12,345`; `4.2` below ten, so that what happens now and then is not shown as never. */
export function perSecondText(count: number): string {
  if (count > 0 && count < 0.05) return '<0.1';
  return count > 0 && count < 9.95 ? TENTHS.format(count) : WHOLE.format(count);
}

/** `71 %`; `<1 %` for what is there and rounds to nothing. */
export function shareText(share: number): string {
  if (share > 0 && share < 0.005) return '<1 %';
  return `${Math.round(share * 100)} %`;
}

/** `5.0`, or a dash where there is nothing to divide by. */
export const ratioText = (ratio: number | null): string =>
  ratio === null ? '-' : TENTHS.format(ratio);
