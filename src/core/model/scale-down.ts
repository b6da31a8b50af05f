/** Whether a scale-down lowers the demand: its multiplier is above 0 and below 1. BigFleet's driver ignores all others. */
export function lowersDemand(targetMultiplier: number): boolean {
  return targetMultiplier > 0 && targetMultiplier < 1;
}
