"""Pulls the cable out under a program, in a network that exists for this program alone: `unshare -rn python3 ...`."""
import signal
import socket
import subprocess
import sys


def cable(state):
    subprocess.run(["ip", "link", "set", "lo", state], check=True)


if "UP" in subprocess.check_output(["ip", "link", "show", "lo"], text=True):
    sys.exit("This network is in use. Take one of your own: unshare -rn python3 " + " ".join(sys.argv))
signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a traceback
cable("up")
listener = socket.create_server(("127.0.0.1", 9001))  # for a client: a server that never says a word
program = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
for line in program.stdout:
    print(line, end="", flush=True)
    if "listening" in line:  # for a server: a client that never says a word
        client = socket.create_connection(("127.0.0.1", 9000))
    elif "accept SUCCESS" in line or "connected" in line:
        cable("down")
        print("--- the cable is out ---", flush=True)
    elif "ERROR" in line:
        program.terminate()
