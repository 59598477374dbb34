"""A select server with two lists that are kept by hand, as it is often seen. It has four mistakes."""
import select
import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
readers, writers, pending = [listener], [], {}

while True:
    readable, writable, _ = select.select(readers, writers, [])
    for s in readable:
        if s is listener:
            readers.append(s.accept()[0])
            continue
        try:
            data = s.recv(1024)
        except ConnectionError:
            data = b""
        if data:
            pending[s] = data.upper()
            if s not in writers:
                writers.append(s)
        else:
            pending.pop(s, None)
            readers.remove(s)
            s.close()
    for s in writable:
        if s in pending:
            try:
                s.send(pending.pop(s))
            except ConnectionError:
                s.close()
            writers.remove(s)
