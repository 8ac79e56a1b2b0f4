"""Runs a command inside a pseudo-terminal: what it draws goes to stdout as it is, what comes on stdin is typed.

    screen.py COLUMNS ROWS COMMAND...      ends with the command's own exit status
"""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios

columns, rows = int(sys.argv[1]), int(sys.argv[2])
pid, terminal = pty.fork()
if pid == 0:
    # The size is set before the command starts: it may ask at once.
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(sys.argv[3], sys.argv[3:])

for stop in (signal.SIGTERM, signal.SIGINT):
    signal.signal(stop, lambda *_: os.kill(pid, signal.SIGTERM))

inputs = [terminal, 0]
while True:
    ready, _, _ = select.select(inputs, [], [])
    if 0 in ready:
        typed = os.read(0, 4096)
        if typed:
            os.write(terminal, typed)
        else:
            inputs.remove(0)
    if terminal in ready:
        try:
            drawn = os.read(terminal, 65536)
        except OSError:  # Linux says EIO when the command has ended
            drawn = b""
        if not drawn:
            break
        os.write(1, drawn)

_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
