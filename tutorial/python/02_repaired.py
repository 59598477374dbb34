"""02_nonblocking.py without its mistakes: unsent bytes stay, an end of stream is noticed, an error ends one client."""
import socket
import sys


def serve(connection, unsent):
    """One turn of one client: reads or drains. Returns what is unsent now, or None at its end of stream."""
    if not unsent:
        unsent = connection.recv(900).upper()
        if not unsent:
            return None
    try:
        return unsent[connection.send(unsent):]
    except BlockingIOError:  # no room
        return unsent


def take_turn(connection):
    try:
        connections[connection] = serve(connection, connections[connection])
    except BlockingIOError:  # nothing there
        return
    except OSError:  # it is gone
        connections[connection] = None
    if connections[connection] is None:
        connection.close()
        del connections[connection]


connections = {}  # and what is unsent to each
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
listener.setblocking(False)
while True:
    try:
        connection, peer = listener.accept()
        connection.setblocking(False)
        connections[connection] = b""
    except OSError:  # nobody new, or no descriptor for them
        pass
    for connection in list(connections):
        take_turn(connection)
