"""A client that waits for two seconds of silence at a time, as often written. With the word `right` it is written better."""
import socket
import sys
import time


def as_often_seen(s):
    while True:
        try:
            data = s.recv(900)
        except socket.timeout:
            print("nothing yet, trying again")
            time.sleep(0.1)
            continue
        return data or "the server has closed the connection"


def right(s):
    while True:
        try:
            data = s.recv(900)
        except TimeoutError as error:
            if error.errno is not None:  # ETIMEDOUT: not our time limit, but the end of the connection
                return f"the connection is lost: {error}"
            print("nothing yet, trying again")
            continue
        return data or "the server has closed the connection"


s = socket.create_connection(("127.0.0.1", 9001))
s.settimeout(0.5)
if "keepalive" in sys.argv:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT:
        s.setsockopt(socket.IPPROTO_TCP, option, 1)
print("connected", flush=True)
print(right(s) if "right" in sys.argv else as_often_seen(s))
