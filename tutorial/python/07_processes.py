"""Measures what a client costs, with a thread and with a process of its own: system calls, as strace counts them, and memory. What
processes share is counted once (Pss); page tables, which say where in memory a process's addresses are, are the kernel's."""
import os
import re
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

SERVERS = "04-thread-per-client", "07-process-per-client"
TIMES = 100


def start(model, *runner):
    server = subprocess.Popen([*runner, f"build/{model}/server", "-p", "0"], stdout=subprocess.PIPE, text=True, start_new_session=True)
    return server, int(server.stdout.readline().rpartition(":")[2])


def ask(client, times=1):
    for _ in range(times):
        client.sendall(b"hello")
        client.recv(900)


def calls(model, clients, messages):
    """Of clients who come one after the other, and of the server's start and end."""
    with tempfile.NamedTemporaryFile("r") as counts:
        server, port = start(model, "strace", "-f", "-c", "-o", counts.name)
        for _ in range(clients):
            with socket.create_connection(("127.0.0.1", port)) as client:
                ask(client, messages)
                client.shutdown(socket.SHUT_WR)
                client.recv(900)
        os.killpg(server.pid, signal.SIGTERM)  # strace does not pass it on
        server.wait()
        return int(re.search(r"^100.*?(\d+)(?: +\d+)? total", counts.read(), re.M)[1])


def kib(pid, file, name):
    return int(re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{pid}/{file}").read_text(), re.M)[1])


def memory(server):
    """Of the server and its children, in KiB: their own, and the page tables."""
    pids = [server.pid, *map(int, Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split())]
    return [sum(kib(pid, *what) for pid in pids) for what in (("smaps_rollup", "Pss"), ("status", "VmPTE"))]


def memory_a_client(model):
    server, port = start(model)
    before = memory(server)
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(TIMES)]
    for client in clients:
        ask(client)
    after = memory(server)
    server.terminate()
    server.wait()
    return [(then - now) / TIMES for now, then in zip(before, after)]


print("                           system calls           memory of a silent client")
print("model                  a message  a client        its own  page tables")
for model in SERVERS:
    message = (calls(model, 1, TIMES + 1) - calls(model, 1, 1)) / TIMES
    client = (calls(model, TIMES + 1, 0) - calls(model, 1, 0)) / TIMES
    own, tables = memory_a_client(model)
    print(f"{model:<22}{message:>10.1f}{client:>10.1f}{own:>11.0f} KiB{tables:>9.0f} KiB", flush=True)
