/** What the host may call in the build for several CPUs. */
export {
  addRegion, dropReservation, flushEverything, flushSpace, forgetAll, forgetCode, init, resetHart, runHosted, runSystem, watch,
} from './index';
export { exchange, exchangeHigh, serve } from './serve';
