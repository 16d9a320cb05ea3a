export { channelName } from './channel-name.ts'
export { Channels, type ListenCall } from './channels.ts'
