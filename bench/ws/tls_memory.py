#!/usr/bin/env python3
"""How much memory does an idle TLS connection cost the server?

  scripts/build release bench_ws_parley && bench/ws/tls_memory.py [CONNECTIONS]

Prints the server's own resident bytes for each of 2,000 connections that have spoken once.
"""
import os
import resource
import socket
import ssl
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PORT = 18_600
UPGRADE = (b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")


def own_bytes(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        fields = file.read().split()
    return (int(fields[1]) - int(fields[2])) * resource.getpagesize()


def connect(context):
    stream = context.wrap_socket(socket.create_connection(("127.0.0.1", PORT)), server_hostname="127.0.0.1")
    stream.sendall(UPGRADE)
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += stream.recv(4096)
    stream.sendall(b"\x81\x85\0\0\0\0Hello")
    assert stream.recv(100) == b"\x81\x05Hello"
    return stream


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory() as folder:
        chain, key = f"{folder}/chain.pem", f"{folder}/key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", key, "-out", chain, "-days", "2", "-subj", "/CN=bench",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
        server = subprocess.Popen([f"{ROOT}/build/release/bin/bench_ws_parley", chain, key, str(PORT), "echo"])
        try:
            time.sleep(0.5)
            context = ssl.create_default_context(cafile=chain)
            streams = [connect(context) for _ in range(50)]
            before = own_bytes(server.pid)
            streams += [connect(context) for _ in range(count)]
            print(f"{(own_bytes(server.pid) - before) / count:.0f} bytes for each of {count} idle connections, "
                  f"{streams[-1].version()}")
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    main()
