// @securechat/transport-socketio/server: the relay's side follows; until it works, this subpath exports nothing.
export {}
