"""A process per client: 07-process-per-client's counterpart, with what the standard library has for it."""
import socketserver
import sys


class Upper(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(900):
            self.request.sendall(data.upper())


with socketserver.ForkingTCPServer(("127.0.0.1", int(sys.argv[1])), Upper) as server:
    server.serve_forever()
