"""Fifty clients at once, each in a thread of its own. They talk, and then stay, silent, until you press Ctrl-C."""
import socket
import threading

CLIENTS = 50
served = []  # whether each was; append() may be called by many threads
all_have_talked = threading.Barrier(CLIENTS + 1)
never = threading.Event()


def ask(connection, message):
    """Says whether the right answer came."""
    try:
        connection.sendall(message)
        return connection.recv(len(message), socket.MSG_WAITALL) == message.upper()
    except OSError:  # sent away
        return False


def client(number):
    try:
        connection = socket.create_connection(("127.0.0.1", 9000))
    except OSError as error:  # nobody is there
        print(error)
    else:
        served.append(all(ask(connection, f"Thread-{number} ping".encode()) for _ in range(4)))
    all_have_talked.wait()
    never.wait()


for number in range(1, CLIENTS + 1):
    threading.Thread(target=client, args=(number,), daemon=True).start()
try:
    all_have_talked.wait()
    print(f"{sum(served)} of {CLIENTS} clients got their answers", flush=True)
    never.wait()
except KeyboardInterrupt:  # and with the program everybody leaves
    pass
