export type { Device, Line } from './device.js';
export { DeviceBus } from './bus.js';
export { Uart16550 } from './uart16550.js';
export { Plic } from './plic.js';
export { PlicInterrupts, MACHINE_CONTEXT, SUPERVISOR_CONTEXT } from './plic-interrupts.js';
export { Clint } from './clint.js';
export type { TimerPort } from './clint.js';
export { Rom } from './rom.js';
export { TestFinisher } from './test-finisher.js';
export type { StopRequest } from './test-finisher.js';
export { RegionMemory } from './virtio/guest-memory.js';
export type { GuestMemory, MemoryRegion } from './virtio/guest-memory.js';
export { VirtioMmio } from './virtio/virtio-mmio.js';
export { Virtqueue, KEPT } from './virtio/virtqueue.js';
export { Chain } from './virtio/chain.js';
export { Feature as VirtioFeature } from './virtio/virtio-device.js';
export type { VirtioDevice, VirtioPort } from './virtio/virtio-device.js';
export { VirtioBlk } from './virtio/virtio-blk.js';
export type { VirtioBlkOptions } from './virtio/virtio-blk.js';
export { MemoryBlock, SECTOR_BYTES } from './virtio/block-backend.js';
export type { BlockBackend } from './virtio/block-backend.js';
export { VirtioConsole } from './virtio/virtio-console.js';
export { VirtioRng } from './virtio/virtio-rng.js';
export { VirtioNet } from './virtio/virtio-net.js';
export { GoldfishRtc } from './goldfish-rtc.js';
export type { RtcPort } from './goldfish-rtc.js';
export { Virtio9p } from './virtio/virtio-9p.js';
export { NinepServer } from './ninep/server.js';
export { MemoryTree } from './ninep/memory-tree.js';
export type { MemoryNode, MemoryTreeOptions, TreeTime } from './ninep/memory-tree.js';
export type {
  FileTree,
  NodeAttributes,
  NodeChange,
  NodeTime,
  OpenMode,
  TreeEntry,
  TreeStat,
} from './ninep/file-tree.js';
export { UserNetwork } from './net/user-network.js';
export type { UserNetworkOptions } from './net/user-network.js';
export type {
  DatagramReceiver,
  HostDatagrams,
  HostStream,
  Sockets,
  StreamEvents,
  StreamFailure,
} from './net/sockets.js';
