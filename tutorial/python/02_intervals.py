"""Measures 02-fcntl-nonblock with different pauses: CPU time for one silent client and for hundreds, and how long an answer
takes."""
import os
import random
import socket
import subprocess
import time

SECONDS, MESSAGES, CROWD = 3, 100, 900


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def span(seconds):
    milliseconds = seconds * 1000
    return f"{milliseconds:.2f} ms" if milliseconds < 1 else f"{milliseconds:.0f} ms"


def share_of_a_core(pid):
    before = cpu_seconds(pid)
    time.sleep(SECONDS)
    return (cpu_seconds(pid) - before) / SECONDS


random.seed(2)
print(f"pause    of a core  an answer takes   at most   of a core with {CROWD} clients")
for pause in 0, 1, 10, 100:
    server = subprocess.Popen(["build/02-fcntl-nonblock/server", "-p", "0", "-i", str(pause)],
                              stdout=subprocess.PIPE, text=True)
    port = int(server.stdout.readline().rpartition(":")[2])
    client = socket.create_connection(("127.0.0.1", port))
    share = share_of_a_core(server.pid)
    waits = []
    for _ in range(MESSAGES):
        time.sleep(random.uniform(0.02, 0.12))  # so that it comes at any moment of a pause
        begin = time.monotonic()
        client.sendall(b"hello")
        client.recv(900)
        waits.append(time.monotonic() - begin)
    crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(CROWD - 1)]
    share_then = share_of_a_core(server.pid)
    server.terminate()
    server.wait()
    print(f"{pause:>3} ms  {share:9.1%}  {span(sum(waits) / MESSAGES):>15}  {span(max(waits)):>8}  {share_then:9.1%}".replace("%", " %"))
