"""One place to wait for everybody, and one place that says who is owed what: 05-select's counterpart."""
import select
import socket
import sys


def serve(client, owed):
    """One turn of one client: it either reads or drains. Returns what it is owed then, or None if it is gone."""
    try:
        if owed:
            return owed[client.send(owed):]
        return client.recv(900).upper() or None
    except BlockingIOError:
        return owed
    except OSError:
        return None


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
clients = {}  # each client and the bytes that it is owed

while True:
    receivers = [c for c, owed in clients.items() if not owed]
    drainers = [c for c, owed in clients.items() if owed]
    readable, writable, _ = select.select([listener, *receivers], drainers, [])
    for s in readable + writable:
        if s is listener:
            client, _ = listener.accept()
            client.setblocking(False)
            clients[client] = b""
        elif (owed := serve(s, clients[s])) is None:
            del clients[s]
            s.close()
        else:
            clients[s] = owed
