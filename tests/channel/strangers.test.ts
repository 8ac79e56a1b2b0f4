/** Servers as others write them, each started for its test. None of them knows that we are there. */
import { broadcastRoom } from "./rooms/broadcast-room.ts"
import { socketIoRoom } from "./rooms/socketio-room.ts"
import { wsRoom } from "./rooms/ws-room.ts"
import { strangersRoomSuite } from "./support/story.ts"

strangersRoomSuite("the broadcast server of the ws package's README", wsRoom)
strangersRoomSuite("the chat server of Socket.IO's tutorial", socketIoRoom)
strangersRoomSuite("the BroadcastChannel of the guide", broadcastRoom)
