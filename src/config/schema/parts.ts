import * as z from 'zod';

/** Each schema's message is what it allows. */
export const text = (allowed: string, pattern = /^[^\p{Cc}]+$/u) =>
  z.string({ error: allowed }).regex(pattern, { error: allowed });

export const whole = (least: number, most: number, allowed = `a whole number from ${least} to ${most}`) =>
  z.int({ error: allowed }).min(least, { error: allowed }).max(most, { error: allowed });

export const oneOf = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.enum(values, { error: `one of ${values.join(', ')}` });

export const yesOrNo = z.boolean({ error: 'true or false' });

export const section = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, { error: 'a map of settings' });

/** A map of settings, each of which may be left out. */
export const optional = <Shape extends z.ZodRawShape>(shape: Shape) => section(shape).partial();
