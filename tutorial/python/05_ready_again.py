"""Two bytes have come, one is taken: what do select() and epoll say about the other? And is it still there?"""
import select
import socket

here, there = socket.socketpair()
here.setblocking(False)
level, edge = select.epoll(), select.epoll()
level.register(here, select.EPOLLIN)
edge.register(here, select.EPOLLIN | select.EPOLLET)


def ask():
    ways = {
        "select()": select.select([here], [], [], 0)[0],
        "epoll": level.poll(0),
        "epoll with EPOLLET": edge.poll(0),
    }
    print(", ".join(f"{way}: {'ready' if ready else 'nothing'}" for way, ready in ways.items()))


there.send(b"ab")
ask()
here.recv(1)
ask()
here.dup().recv(1)  # as another process could that shares the socket
try:
    here.recv(1)
except BlockingIOError as error:
    print("and then:", error)
