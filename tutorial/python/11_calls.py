"""Measures what a message costs the servers that wait for many at once: system calls, as strace counts them, and CPU time without
strace. One client talks, or 50 of them at the same time."""
import os
import re
import signal
import socket
import subprocess
import tempfile

SERVERS = "05-select", "06-libuv", "09-epoll", "11-io_uring"
ROUNDS = 400


def start(model, *runner):
    server = subprocess.Popen([*runner, f"build/{model}/server", "-p", "0"], stdout=subprocess.PIPE, text=True, start_new_session=True)
    return server, int(server.stdout.readline().rpartition(":")[2])


def talk(port, crowd, rounds):
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(crowd)]
    for _ in range(rounds):
        for client in clients:
            client.sendall(b"hello")
        for client in clients:
            client.recv(900)
    for client in clients:
        client.close()


def calls(model, crowd, rounds):
    with tempfile.NamedTemporaryFile("r") as counts:
        server, port = start(model, "strace", "-f", "-c", "-o", counts.name)
        talk(port, crowd, rounds)
        os.killpg(server.pid, signal.SIGTERM)  # strace does not pass it on
        server.wait()
        return int(re.search(r"^100.*?(\d+)(?: +\d+)? total", counts.read(), re.M)[1])


def cpu_seconds(model, crowd, rounds):
    server, port = start(model)
    talk(port, crowd, rounds)
    server.terminate()
    used = os.wait4(server.pid, 0)[2]
    return used.ru_utime + used.ru_stime


def each(cost, model, crowd, rounds):
    """A message of many rounds, without what starting, connecting and stopping cost."""
    return (cost(model, crowd, rounds + 1) - cost(model, crowd, 1)) / (crowd * rounds)


print("                 system calls a message   CPU time a message,")
print("model            1 client    50 clients   50 clients")
for model in SERVERS:
    print(f"{model:<17}{each(calls, model, 1, ROUNDS):>8.1f}{each(calls, model, 50, ROUNDS):>14.2f}"
          f"{each(cpu_seconds, model, 50, 20 * ROUNDS) * 1e6:>10.1f} us", flush=True)
