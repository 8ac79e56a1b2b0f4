/** Python at the other side of the counter: Debian's Flask-SocketIO on eventlet, so with real WebSockets. */
import { FLASK, flaskJsonRoom, flaskRoom } from "./rooms/flask-room.ts"
import { strangersRoomSuite } from "./support/story.ts"

const missing = FLASK === ""
if (missing) console.warn("!! no Flask-SocketIO: apt-get install python3-flask-socketio python3-eventlet")

strangersRoomSuite("a Flask-SocketIO server that passes bytes", flaskRoom, { missing })
strangersRoomSuite("a Flask-SocketIO server that passes lines of JSON to its rooms", flaskJsonRoom, {
  missing,
})
