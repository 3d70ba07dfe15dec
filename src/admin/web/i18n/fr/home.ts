import type { home as english } from '../en/home.ts';
import type { Same } from '../shape.ts';

export const home: Same<typeof english> = {
  title: 'Vue d’ensemble',
};
