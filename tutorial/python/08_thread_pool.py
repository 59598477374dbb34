"""A thread pool: 08-thread-pool's counterpart, with ThreadPoolExecutor."""
import signal
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor


def serve(connection):
    with connection:
        while data := connection.recv(900):
            connection.sendall(data.upper())


def accept():
    while True:
        connection, peer = listener.accept()
        pool.submit(serve, connection)


stops = {signal.SIGINT, signal.SIGTERM}
signal.pthread_sigmask(signal.SIG_BLOCK, stops)
pool = ThreadPoolExecutor(max_workers=4)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
threading.Thread(target=accept, daemon=True).start()
signal.sigwait(stops)
