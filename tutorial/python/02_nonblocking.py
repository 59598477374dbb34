"""A non-blocking server that asks everybody in turn, as it is often written in Python: 02-fcntl-nonblock's counterpart."""
import socket
import sys


def serve(connection):
    data = connection.recv(900)
    connection.send(data.upper())


connections = []
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
listener.setblocking(False)
while True:
    try:
        connection, peer = listener.accept()
        connections.append(connection)
    except BlockingIOError:  # nobody new
        pass
    for connection in connections:
        try:
            serve(connection)
        except BlockingIOError:  # not now
            pass
