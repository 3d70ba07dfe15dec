import type { mine as english } from '../en/mine.ts';
import type { Same } from '../shape.ts';

export const mine: Same<typeof english> = {
  title: 'Mes appels en absence',
};
