"""Measures 05-select and 09-epoll with more and more silent clients: CPU time for a message of the one that talks, and memory
for each of the others. Needs a limit of 10,100 open descriptors (ulimit -n)."""
import os
import re
import resource
import socket
import subprocess

MESSAGES = 20_000


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid):
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        return int(re.search(r"^Private_Dirty: +(\d+) kB", rollup.read(), re.M)[1]) * 1024


def connect(port):
    return socket.create_connection(("127.0.0.1", port))


def ask(client, times):
    for _ in range(times):
        client.sendall(b"hello")
        client.recv(900)


limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
print("model      silent clients  CPU time a message  memory a client")
for model, crowds in ("05-select", (0, 100, 1_000)), ("09-epoll", (0, 100, 1_000, 10_000)):
    for crowd in crowds:
        server = subprocess.Popen([f"build/{model}/server", "-p", "0"], stdout=subprocess.PIPE, text=True)
        port = int(server.stdout.readline().rpartition(":")[2])
        talker = connect(port)
        ask(talker, 1)
        before = memory(server.pid)
        silent = [connect(port) for _ in range(crowd)]
        for last in silent[-1:]:
            ask(last, 1)  # now all of them are accepted
        each = f"{(memory(server.pid) - before) / crowd:,.0f} bytes" if crowd else "-"
        start = cpu_seconds(server.pid)
        ask(talker, MESSAGES)
        cost = (cpu_seconds(server.pid) - start) / MESSAGES
        print(f"{model:<9}  {crowd:>14,}  {cost * 1e6:>15.1f} us  {each:>15}", flush=True)
        server.terminate()
        server.wait()
