"""A thread per client: 04-thread-per-client's counterpart. With the word `daemon` behind the port, its threads are daemons."""
import signal
import socket
import sys
import threading


def serve(connection):
    with connection:
        while data := connection.recv(900):
            connection.sendall(data.upper())


def accept():
    while True:
        connection, peer = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=daemon).start()


stops = {signal.SIGINT, signal.SIGTERM}
signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # all threads inherit this: the signals wait until somebody asks for them
daemon = sys.argv[2:] == ["daemon"]  # threads that the program need not wait for when it ends
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
threading.Thread(target=accept, daemon=True).start()
signal.sigwait(stops)  # and that is the main thread
