export { channelName } from './channel-name.ts'
export { Channels, type ListenCall } from './channels.ts'
export { type KeeperOptions, LinkKeeper } from './link-keeper.ts'
