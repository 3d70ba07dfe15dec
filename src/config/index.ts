export { assumptions, unknownDialPlans } from './assumptions.ts';
export { changedSettings } from './changes.ts';
export { loadConfig, loadRegistrar } from './load.ts';
export {
  createPhoneDirectory,
  loadPhones,
  MAX_PHONES,
  isBlankPhonesFile,
  type HashPassword,
  type PhonesReading,
} from './phones.ts';
export type * from './types.ts';
export { isCidr, isHost, isLoopback, listenAddress, webOrigin, type Listen } from './values.ts';
