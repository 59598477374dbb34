"""The set is kept elsewhere and changed only when it must be: 09-epoll's counterpart. selectors waits with epoll on Linux."""
import selectors
import socket
import sys


def serve(client, unsent):
    """One turn of one client: it either reads or drains. Returns what is unsent then, or None if it is gone."""
    try:
        unsent = unsent or client.recv(900).upper()
        return unsent[client.send(unsent):] if unsent else None
    except BlockingIOError:
        return unsent
    except OSError:
        return None


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
selector = selectors.DefaultSelector()
selector.register(listener, selectors.EVENT_READ)

while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            client, _ = listener.accept()
            client.setblocking(False)
            selector.register(client, selectors.EVENT_READ, b"")
        elif (unsent := serve(key.fileobj, key.data)) is None:
            selector.unregister(key.fileobj)
            key.fileobj.close()
        elif unsent != key.data:
            selector.modify(key.fileobj, selectors.EVENT_WRITE if unsent else selectors.EVENT_READ, unsent)
