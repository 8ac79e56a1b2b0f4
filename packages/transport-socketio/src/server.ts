// Socket.IO follows the WebSocket transport; until it works, this package exports nothing and is not published.
export {}
