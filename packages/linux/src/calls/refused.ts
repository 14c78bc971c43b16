/** Calls that every program may make and none gets: one answer each. */
import { EINVAL, ENODATA, ENODEV, ENOSYS, EOPNOTSUPP, EPERM } from '@veridian-os/abi';

export const nothing = (): number => 0;
export const invalid = (): number => EINVAL;
export const forbidden = (): number => EPERM;
export const missing = (): number => ENOSYS;
export const unsupported = (): number => EOPNOTSUPP;
/** Extended attributes: files have none. */
export const noData = (): number => ENODATA;
export const noDevice = (): number => ENODEV;
