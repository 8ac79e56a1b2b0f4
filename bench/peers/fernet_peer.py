"""The same words as worker.ts, for Python's cryptography."""

import json
import os
import sys
import time

import cryptography
from cryptography.fernet import Fernet


def both(size):
    fernet = Fernet(Fernet.generate_key())
    content = os.urandom(size)
    return lambda: fernet.decrypt(fernet.encrypt(content))


clock = time.perf_counter if os.environ.get("BENCH_CLOCK") == "wall" else time.thread_time


def answer(value):
    print(json.dumps(value), flush=True)


if sys.argv[1] == "version":
    print(cryptography.__version__)
    sys.exit()
work = both(json.loads(sys.argv[2])["bytes"])
answer({"ready": True})
for line in sys.stdin:
    end = time.perf_counter() + float(line) / 1000
    began = clock()
    times = 0
    while times == 0 or time.perf_counter() < end:
        work()
        times += 1
    answer({"perSecond": times / (clock() - began)})
