/** The whole number above 0 that follows a name on the command line. @throws RangeError */
export function numberOption(args: readonly string[], name: string, fallback: number): number {
  const index = args.indexOf(name);
  if (index < 0) return fallback;
  const value = Number(args[index + 1]);
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} wants a number above 0`);
  return value;
}
