"""A chat as Flask-SocketIO's own pages show it. It knows nothing of SecureChat.

    python3 flask_chat.py 5001
"""
import sys

from flask import Flask
from flask_socketio import SocketIO, emit, join_room, send

app = Flask(__name__)
socketio = SocketIO(app)
history = []


@app.route("/history")
def show_history():
    return b"\n".join(line if isinstance(line, bytes) else line.encode() for line in history)


@socketio.on("message")
def message(data):
    history.append(data)
    send(data, broadcast=True)


@socketio.on("join")
def join(room):
    join_room(room)


@socketio.on("chat")
def chat(line):
    history.append(line["text"])
    emit("chat", {"user": line["user"], "text": line["text"]}, to=line["room"])


if __name__ == "__main__":
    socketio.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_output=True)
