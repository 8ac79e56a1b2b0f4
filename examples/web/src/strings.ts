/** Every sentence the app shows, in one place. English only for now. */
export const strings = {
  names: { alice: "Alice", bob: "Bob" },
  product: "SecureChat",
  tagline: "End-to-end encrypted, through a relay that reads nothing.",

  connection: {
    idle: "Starting",
    connecting: "Connecting",
    online: "Online",
    reconnecting: "Reconnecting",
    offline: "Offline",
    closed: "Closed",
  },

  theme: {
    label: (now: string): string => `Theme: ${now}`,
    system: "system",
    light: "light",
    dark: "dark",
  },

  pane: {
    label: (me: string): string => `${me}’s window`,
    openAlone: (me: string): string => `Open ${me}’s own window`,
    openPeer: (peer: string): string => `Open ${peer}’s window`,
    openAloneShort: "Own window",
    tabs: "Whose window",
    unread: (count: number): string => `${count} unread`,
    encryptedForm: "Show encrypted form",
    encryptedFormShort: "Encrypted form",
    chatWith: (peer: string): string => `Chat with ${peer}`,
    skip: (me: string): string => `Skip to ${me}’s message field`,
  },

  waiting: {
    title: (peer: string): string => `Waiting for ${peer}`,
    text: (peer: string): string =>
      `${peer} is not here yet. Open the other window; the two find each other by handle.`,
    connecting: "Making keys and meeting at the relay …",
  },
  empty: {
    title: (peer: string): string => `Say hello to ${peer}`,
    text: "Only the two of you hold the keys. The relay passes on what it cannot read.",
  },
  greeting: (peer: string): string => `Hi ${peer}! Can anyone else read this?`,
  answer: (peer: string): string =>
    `Hi ${peer}! Only you and me. Look at the wire: the relay gets the scrambled version.`,
  newPhone: "It’s me again, with a new phone. Do you recognise the key?",

  log: {
    label: (peer: string): string => `Messages with ${peer}`,
    earlier: "Earlier messages",
    latest: "Jump to latest",
    latestCount: (count: number): string => `${count} new, jump to latest`,
    newDivider: (count: number): string => (count === 1 ? "1 new message" : `${count} new messages`),
    today: "Today",
    yesterday: "Yesterday",
    typing: (peer: string): string => `${peer} is typing`,
    you: "You",
    flip: "Show encrypted form of this message",
    flipBack: "Show text of this message",
    unreadable: "This message could not be read.",
    unreadableWhy: (code: string): string => `Details: ${code}`,
    lower: (peer: string): string => `Received while ${peer} was not verified`,
    lowerOwn: (peer: string): string => `Sent while ${peer} was not verified`,
    retry: "Try again",
    sendHeld: "Send now",
    heldNote: "Held: it was never sent. It leaves only when you say so.",
  },

  status: {
    queued: "Waiting to be sent",
    sending: "Sending",
    sent: "The relay has it",
    delivered: "Delivered",
    read: "Read",
    held: "Held back",
    failed: "Not sent",
  },

  token: {
    title: "Fernet token",
    copy: "Copy token",
    copied: "Copied",
    copyFailed: "The browser refused the clipboard. The token is selected: copy it by hand.",
    size: (wire: number, content: number): string =>
      `${wire.toLocaleString("en")} bytes on the wire for ${content.toLocaleString("en")} bytes of content`,
    header: (count: number, kem: string): string =>
      `message ${count} of this ratchet key · post-quantum step: ${kem}`,
    gone: "The encrypted form of this message was not kept.",
    parts: {
      version: "Version",
      timestamp: "Timestamp, always zero",
      iv: "IV",
      ciphertext: "Ciphertext",
      hmac: "HMAC",
    },
  },

  composer: {
    label: (peer: string): string => `Message to ${peer}`,
    placeholder: (peer: string): string => `Message ${peer}`,
    send: "Send",
    blocked: "Sending is blocked.",
  },

  pill: {
    label: (word: string, peer: string): string => `Encryption with ${peer}: ${word}. Open details.`,
    verified: "Verified",
    unverified: "Not verified",
    "no-session": "No keys",
    handshaking: "Agreeing on keys …",
    "session-expired": "Renewing keys …",
    "handshake-failed": "No keys",
    changed: "Key changed",
    refused: "Refused",
    locked: "Locked",
  },

  action: {
    compare: "Compare keys",
    accept: "Accept new key",
    retry: "Try again",
    reset: "Start over",
    update: "Reload the app",
    unlock: "Unlock",
    cannotCompare: "I can’t compare now",
    acceptAnyway: "Accept without comparing",
    sendHeld: (count: number): string => (count === 1 ? "Send it now" : `Send all ${count} now`),
  },

  change: {
    held: (count: number): string =>
      count === 1 ? "1 message of yours is held." : `${count} messages of yours are held.`,
  },

  sheet: {
    title: (peer: string): string => `Compare keys with ${peer}`,
    intro: (peer: string): string =>
      `Read the number to each other, in person or on a call. If ${peer} sees the same one, nobody is in between.`,
    number: "Safety number",
    qr: (peer: string): string => `The safety number as a QR code, for ${peer} to scan`,
    match: "They match",
    mismatch: "They don’t match",
    copy: "Copy number",
    close: "Close",
    done: "Done",
    loading: "Working out the number …",
    changed: (peer: string): string => `${peer}’s key changed while this was open. This is the new number.`,
    success: (peer: string): string => `Verified. Now it is ${peer}’s turn to confirm, on the other side.`,
    failure: (peer: string): string =>
      `The numbers differ, so somebody may sit in between. Nothing is sent any more. Meet ${peer}, or start over and compare again.`,
    withdraw: "Withdraw verification",
  },
  explain: {
    title: "Why nothing can be sent",
    text: "While the light is red, this app encrypts nothing and sends nothing. What you type stays here.",
  },

  offline: {
    lost: "No connection to the relay.",
    retryIn: (seconds: number): string => `Trying again in ${seconds} s. What you write waits here.`,
    retrying: "Trying again … What you write waits here.",
    cut: "Taken offline in the demo. What you write waits here.",
    restore: "Go online",
  },

  wire: {
    title: "The wire",
    lead: "What the relay sees",
    empty: "Nothing has passed yet.",
    route: (from: string, to: string): string => `${from} to ${to}`,
    bytes: (count: number): string => `${count.toLocaleString("en")} B`,
    note: "Who, how much and when. Never the text, never a key.",
    expand: "Show what the relay sees",
  },

  demo: {
    open: "Demo",
    title: "Try to break it",
    close: "Close",
    identity: (name: string): string => `Give ${name} a new identity`,
    identityText: (name: string, peer: string): string =>
      `As after losing a phone: ${name} signs in again with the same handle and new keys. ${peer} goes red.`,
    offline: (name: string): string => `Take ${name} offline`,
    offlineText: "Cuts the connection below the SDK. Messages wait and leave when it is back.",
    way: "Carried by",
    ways: { websocket: "WebSocket", socketio: "Socket.IO" },
    wayText:
      "The chat goes on over the other connection. What is encrypted does not depend on what carries it.",
    single: (name: string): string => `${name}’s keys live in ${name}’s own window: renew them there.`,
  },

  guide: {
    label: "Three things to try",
    write: "Write a message",
    look: "Show the encrypted form",
    compare: "Compare keys in both windows",
    close: "Hide these hints for good",
    done: "done",
  },

  live: {
    one: (peer: string): string => `New message from ${peer}`,
    many: (count: number): string => `${count} new messages`,
  },
  dismiss: "Dismiss",
} as const
