"""Runs each example as its first lines say."""
import json
import os
import re
import subprocess
import unittest

BIN = os.environ["EXAMPLES"]
PARLEY = os.environ["PARLEY_BIN"]


class Started:
    def __init__(self, *words):
        self.process = subprocess.Popen([PARLEY, *words], stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.DEVNULL)
        for line in self.process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
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

    def test_each_is_at_most_sixty_lines(self):
        folder = os.path.dirname(os.path.abspath(__file__))
        for name in os.listdir(folder):
            if name.endswith(".cpp"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    self.assertLessEqual(len(file.readlines()), 60, name)


if __name__ == "__main__":
    unittest.main()
