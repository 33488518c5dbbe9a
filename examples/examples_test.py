"""Runs each example as its first lines say."""
import json
import os
import re
import socket
import subprocess
import tempfile
import unittest

BIN = os.environ["EXAMPLES"]
PARLEY = os.environ["PARLEY_BIN"]


class Started:
    def __init__(self, *words, program=PARLEY, sign=r"http://127\.0\.0\.1:(\d+)"):
        self.process = subprocess.Popen([program, *words], stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.DEVNULL)
        for line in self.process.stdout:
            if found := re.search(sign, line):
                self.port, self.url = found.group(1), found.group(0)
                break

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)
        self.process.stdout.close()


def run(name, *words, **env):
    return subprocess.run([f"{BIN}/example_{name}", *words], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **env})


class Examples(unittest.TestCase):
    def test_stream_answer(self):
        with Started("emulate", "--port", "0", "--pace", "0") as service:
            ran = run("stream_answer", "repeat: as it is made", GOOGLE_GEMINI_BASE_URL=service.url,
                      GEMINI_API_KEY="any")
        self.assertEqual((ran.returncode, ran.stdout), (0, "as it is made\n"), ran.stderr)

    def test_stream_control(self):
        with Started("emulate", "--port", "0", "--pace", "1") as service:
            env = {**os.environ, "GOOGLE_GEMINI_BASE_URL": service.url, "GEMINI_API_KEY": "any"}
            command = [f"{BIN}/example_stream_control", "write 400 words about boats"]
            ran = subprocess.run(command, input="", capture_output=True, text=True, timeout=60, env=env)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            self.assertRegex(ran.stdout.splitlines()[-1], r"^completed: \d+ chunks, 0 pauses, at most \d+ waited$")
        with Started("emulate", "--port", "0", "--pace", "50") as service:
            env["GOOGLE_GEMINI_BASE_URL"] = service.url
            command[1] = "write 5000 words about boats"
            ran = subprocess.run(command, input="q\n", capture_output=True, text=True, timeout=60, env=env)
            self.assertRegex(ran.stdout.splitlines()[-1], r"^cancelled: ")

    def test_live_assistant(self):
        with Started("emulate", "--port", "0", "--pace", "0", "--playback", "0") as service:
            ran = run("live_assistant", "What is the weather in Oslo?", "repeat: You are welcome",
                      GOOGLE_GEMINI_BASE_URL=service.url, GEMINI_API_KEY="any")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("12 degrees and sunny in Oslo", ran.stdout)
        self.assertTrue(ran.stdout.endswith("Model: You are welcome\n"), ran.stdout)

    def test_speak(self):
        definition = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "definitions", "elevenlabs.yaml")
        with Started("mock", definition, "--port", "0", sign=r"ws://127\.0\.0\.1:(\d+)") as service, \
                tempfile.NamedTemporaryFile() as audio:
            ran = run("speak", "a-voice", audio.name, service.url, ELEVENLABS_API_KEY="any")
            self.assertEqual((ran.returncode, ran.stdout), (0, "56 bytes of audio\n"), ran.stderr)
            self.assertEqual(os.path.getsize(audio.name), 56)

    def test_chat_client(self):
        with Started("serve", "--port", "0", "--memory", "--offline", "--pace", "0") as server:
            ran = run("chat_client", f"ws://127.0.0.1:{server.port}/ws", "repeat: hello there")
        self.assertEqual((ran.returncode, ran.stdout), (0, "hello there\n"), ran.stderr)

    def test_embed_poll(self):
        with Started("serve", "--port", "0", "--memory", "--offline", "--pace", "0") as server:
            ran = run("embed_poll", server.port, "/ws", '{"type":"ping"}')
        self.assertEqual(ran.returncode, 0, ran.stderr)
        frames = [json.loads(line)["type"] for line in ran.stdout.splitlines()]
        self.assertEqual(frames, ["connected", "pong"])

    def test_embed_asio_and_echo_client(self):
        with Started("0", program=f"{BIN}/example_embed_asio", sign=r"^(\d+)$") as server:
            ran = subprocess.run([f"{BIN}/echo_client", f"ws://127.0.0.1:{server.port}/"], timeout=60,
                                 capture_output=True, text=True)
        self.assertEqual((ran.returncode, ran.stdout), (0, "closed with 1000 \n"), ran.stderr)

    def test_echo_server(self):
        with Started("0", program=f"{BIN}/echo_server", sign=r"ws://127\.0\.0\.1:(\d+)/") as server:
            with socket.create_connection(("127.0.0.1", int(server.port)), 60) as peer:
                peer.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                             b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
                             b"\x81\x85\0\0\0\0Hello" b"\x88\x80\0\0\0\0")
                stream = peer.makefile("rb")
                head = b"".join(iter(stream.readline, b"\r\n"))
                self.assertIn(b"Sec-WebSocket-Extensions: permessage-deflate\r\n", head)
                self.assertEqual(stream.read(), b"\x81\x05Hello\x88\x00")

    def test_each_is_at_most_sixty_lines(self):
        folder = os.path.dirname(os.path.abspath(__file__))
        for name in os.listdir(folder):
            if name.endswith(".cpp"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    self.assertLessEqual(len(file.readlines()), 60, name)


if __name__ == "__main__":
    unittest.main()
