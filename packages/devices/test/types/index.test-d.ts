import { expectTypeOf } from 'expect-type';
import type { DeviceBus } from '@veridian-os/devices';
import { Uart16550, type Device } from '@veridian-os/devices';
import type { Bus } from '@veridian-os/hal';

expectTypeOf<Uart16550>().toExtend<Device>();
expectTypeOf<DeviceBus>().toExtend<Bus>();
const ignore = (): void => undefined;
// @ts-expect-error an interrupt line takes a level
new Uart16550(ignore, (level: string) => level);
