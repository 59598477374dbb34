"""A blocking server, one client at a time, as a first program in Python often looks: 01-blocking's counterpart."""
import socket
import sys


def serve(connection):
    while True:
        data = connection.recv(900)
        if not data:  # the client's end of stream
            return
        connection.sendall(data.upper())


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, peer = listener.accept()
    with connection:
        serve(connection)
