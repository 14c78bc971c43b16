/** What the host may call in the build for several CPUs. */
export { dropReservation, flushEverything, flushSpace, forgetAll, forgetCode, init, addRegion, resetHart, runHosted, runSystem, watch } from './index';
export { exchange, exchangeHigh, serve } from './serve';
