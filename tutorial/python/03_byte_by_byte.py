"""A right server that sends its answer byte by byte. With a second argument, `nodelay`, it sets TCP_NODELAY first."""
import socket
import sys


def serve(connection):
    if "nodelay" in sys.argv:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        while data := connection.recv(900):
            for byte in data.upper():
                connection.sendall(bytes([byte]))


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    serve(listener.accept()[0])
