"""One place to wait for everybody, and one place that knows what is unsent: 05-select's counterpart."""
import select
import socket
import sys


def serve(client, unsent):
    """One turn of one client: it either reads or drains. Returns what is unsent then, or None if it is gone."""
    try:
        if unsent:
            return unsent[client.send(unsent):]
        return client.recv(900).upper() or None
    except BlockingIOError:
        return unsent
    except OSError:
        return None


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
clients = {}  # each client and the bytes that are unsent to it

while True:
    receivers = [c for c, unsent in clients.items() if not unsent]
    drainers = [c for c, unsent in clients.items() if unsent]
    readable, writable, _ = select.select([listener, *receivers], drainers, [])
    for s in readable + writable:
        if s is listener:
            client, _ = listener.accept()
            client.setblocking(False)
            clients[client] = b""
        elif (unsent := serve(s, clients[s])) is None:
            del clients[s]
            s.close()
        else:
            clients[s] = unsent
