/** First byte of a message of the bare forwarder: type ‖ u32 number [‖ u32 receiver ‖ body]. */
export const BARE = { submit: 0, accepted: 1, deliver: 2, ack: 3 } as const
