"""Python's `cryptography` as the other end: one JSON request per line on stdin, one answer per line on stdout."""

import base64
import json
import sys

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


def holder(keys):
    return Fernet(keys[0]) if len(keys) == 1 else MultiFernet([Fernet(key) for key in keys])


def encrypt(request):
    fernet = holder(request["keys"])
    return [
        fernet.encrypt_at_time(base64.b64decode(item["data"]), item["at"]).decode() for item in request["items"]
    ]


def decrypt(request):
    fernet = holder(request["keys"])
    return [base64.b64encode(fernet.decrypt(token.encode())).decode() for token in request["items"]]


def accepts(request):
    fernet = holder(request["keys"])

    def verdict(item):
        try:
            fernet.decrypt_at_time(item["token"].encode(), ttl=item["ttl"], current_time=item["at"])
            return True
        except InvalidToken:
            return False

    return [verdict(item) for item in request["items"]]


def timestamps(request):
    fernet = Fernet(request["keys"][0])
    return [fernet.extract_timestamp(token.encode()) for token in request["items"]]


def rotate(request):
    fernet = MultiFernet([Fernet(key) for key in request["keys"]])
    return [fernet.rotate(token.encode()).decode() for token in request["items"]]


def keys(request):
    return [Fernet.generate_key().decode() for _ in range(request["items"])]


DO = {f.__name__: f for f in (encrypt, decrypt, accepts, timestamps, rotate, keys)}

for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(DO[request["do"]](request)), flush=True)
