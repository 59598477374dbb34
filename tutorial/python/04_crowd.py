"""Fifty clients at once, each in a thread of its own. They talk, and then stay, silent, until you press Ctrl-C."""
import signal
import socket
import threading

CLIENTS = 50
served = []  # whether each was; append() may be called by many threads
all_have_talked = threading.Barrier(CLIENTS + 1)
all_may_leave = threading.Event()


def ask(connection, message):
    """Says whether the right answer came."""
    try:
        connection.sendall(message)
        return connection.recv(len(message), socket.MSG_WAITALL) == message.upper()
    except OSError:  # sent away
        return False


def client(number):
    with socket.create_connection(("127.0.0.1", 9000)) as connection:
        served.append(all(ask(connection, f"Thread-{number} ping".encode()) for _ in range(4)))
        all_have_talked.wait()
        all_may_leave.wait()


signal.signal(signal.SIGINT, lambda signal_number, frame: all_may_leave.set())
for number in range(1, CLIENTS + 1):
    threading.Thread(target=client, args=(number,)).start()
all_have_talked.wait()
print(f"{sum(served)} of {CLIENTS} clients got their answers", flush=True)
