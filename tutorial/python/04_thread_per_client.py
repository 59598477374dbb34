"""A thread per client, as it is mostly written in Python: 04-thread-per-client's counterpart."""
import signal
import socket
import sys
import threading


def serve(connection):
    with connection:
        while data := connection.recv(900):
            connection.sendall(data.upper())


signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))  # raises SystemExit in the main thread
daemon = sys.argv[2:] == ["daemon"]  # threads that the program need not wait for when it ends
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
while True:
    connection, peer = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=daemon).start()
