/** Servers as others write them, each started for its test. None of them knows that we are there. */
import { strangersRoomSuite } from "./support/story.ts"
import { broadcastRoom } from "./rooms/broadcast-room.ts"
import { wsRoom } from "./rooms/ws-room.ts"

strangersRoomSuite("the broadcast server of the ws package's README", wsRoom)
strangersRoomSuite("the BroadcastChannel of the guide", broadcastRoom)
