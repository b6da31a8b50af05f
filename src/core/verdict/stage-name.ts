import { z } from 'zod';
import type { Stage } from '../model/stages.ts';

/** Names of stages are not checked: another version may know more of them. */
export const stageName = z.string().transform((name) => name as Stage);
