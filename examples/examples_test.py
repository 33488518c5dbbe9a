"""Runs each example as its first lines say."""
import json
import math
import os
import re
import socket
import struct
import subprocess
import tempfile
import unittest
import wave

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

    def test_ask_about_file(self):
        with Started("emulate", "--port", "0", "--pace", "0") as service, tempfile.TemporaryDirectory() as folder:
            with open(folder + "/report.txt", "w", encoding="utf-8") as file:
                file.write("The report of Ada. " * 800)
            ran = run("ask_about_file", folder + "/report.txt", "repeat: Ada did", "repeat: in 1843",
                      GOOGLE_GEMINI_BASE_URL=service.url, GEMINI_API_KEY="any")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(ran.stdout, "Ada did\nin 1843\n")
        self.assertIn("15200 of 15200 bytes", ran.stderr)

    def test_cached_file(self):
        with Started("emulate", "--port", "0", "--pace", "0") as service, tempfile.TemporaryDirectory() as folder:
            env = {"GOOGLE_GEMINI_BASE_URL": service.url, "GEMINI_API_KEY": "any"}
            with open(folder + "/book.txt", "w", encoding="utf-8") as file:
                file.write("Call me Ada. " * 800)
            ran = run("cached_file", folder + "/book.txt", "repeat: Ada", "repeat: well", **env)
            with open(folder + "/short.txt", "w", encoding="utf-8") as file:
                file.write("Call me Ada.")
            short = run("cached_file", folder + "/short.txt", "repeat: Ada", **env)
        self.assertEqual((ran.returncode, ran.stdout), (0, "Ada\nwell\n"), ran.stderr)
        self.assertEqual(ran.stderr.count("2600 of 2603 tokens came from the cache"), 2, ran.stderr)
        self.assertEqual(short.returncode, 1)
        self.assertIn("too small", short.stderr)

    def test_route(self):
        with Started("emulate", "--port", "0", "--pace", "0") as service:
            ran = run("route", "repeat: blue", GOOGLE_GEMINI_BASE_URL=service.url, GEMINI_API_KEY="any")
        self.assertEqual((ran.returncode, ran.stdout),
                         (0, "gemini-2.5-flash by rest: blue\ngemini-live-2.5-flash-preview by live: blue\n"), ran.stderr)

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

    def offline(self, name, *words):
        with Started("emulate", "--port", "0", "--pace", "0", "--playback", "0") as service:
            ran = run(name, *words, GOOGLE_GEMINI_BASE_URL=service.url, GEMINI_API_KEY="any")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return ran.stdout

    def test_structured_answer(self):
        self.assertRegex(self.offline("structured_answer", 'A dessert, "Pancakes", for 4'),
                         r"^Pancakes \(DESSERT, serves 4\)\n- .+ \(1 min\)\n$")

    def test_chat_with_tools(self):
        said = self.offline("chat_with_tools", "What is the weather in Oslo?", "repeat: You are welcome")
        self.assertIn("12 degrees and sunny in Oslo", said)
        self.assertTrue(said.endswith("Model: You are welcome\n6 turns\n"), said)

    def test_live_tools(self):
        said = self.offline("live_tools", "What is the weather in Oslo?")
        self.assertRegex(said, r"^I am looking that up\.\n.*12 degrees and sunny.*\n$")

    def test_live_music(self):
        with tempfile.NamedTemporaryFile() as music:
            self.offline("live_music", music.name, "minimal techno", "a string quartet")
            self.assertGreaterEqual(os.path.getsize(music.name), 4 * 48_000 * 4)

    def test_live_failover(self):
        with Started("emulate", "--port", "0", "--pace", "0", "--playback", "0") as service:
            env = {"GEMINI_API_KEY": "wrong", "OPENAI_API_KEY": "any", "GOOGLE_GEMINI_BASE_URL": service.url}
            with Started("emulate", "--port", "0", "--bad-key", "wrong") as first:
                ran = run("live_failover", service.url + "/v1", "My name is Ada.", "Who am I?",
                          **{**env, "GOOGLE_GEMINI_BASE_URL": first.url})
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("Ada", ran.stdout.splitlines()[1])

    def test_blocking_chat(self):
        said = self.offline("blocking_chat", "My name is Ada", "Who am I?")
        self.assertTrue(said.startswith("uploaded 19 bytes\n"), said)
        self.assertGreaterEqual(said.count("Ada"), 2, said)

    def test_embed_texts(self):
        said = self.offline("embed_texts", "red apple", "green apple", "fast car")
        self.assertRegex(said, r"^nearest: green apple\n\d+ tokens\n$")

    def test_nothing_is_written(self):
        with Started("emulate", "--port", "0", "--pace", "0", "--playback", "0") as service, \
                tempfile.TemporaryDirectory() as folder:
            env = {**os.environ, "GOOGLE_GEMINI_BASE_URL": service.url, "GEMINI_API_KEY": "any", "HOME": folder,
                   "TMPDIR": folder, "XDG_CACHE_HOME": folder, "XDG_STATE_HOME": folder}
            for words in (["stream_answer", "Hello"], ["live_assistant", "Hello", "And again"]):
                subprocess.run([f"{BIN}/example_{words[0]}", *words[1:]], cwd=folder, env=env, timeout=60,
                               check=True, capture_output=True)
                self.assertEqual(os.listdir(folder), [], words[0])

    def test_speak(self):
        definition = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "definitions", "elevenlabs.yaml")
        with Started("mock", definition, "--port", "0", sign=r"ws://127\.0\.0\.1:(\d+)") as service, \
                tempfile.NamedTemporaryFile() as audio:
            ran = run("speak", "a-voice", audio.name, service.url, ELEVENLABS_API_KEY="any")
            self.assertEqual((ran.returncode, ran.stdout), (0, "56 bytes of audio\n"), ran.stderr)
            self.assertEqual(os.path.getsize(audio.name), 56)

    def test_audio_tools(self):
        rate, seconds = 44100, 3
        tone = [int(12000 * math.sin(2 * math.pi * 440 * n / rate)) if rate <= n < 2 * rate else 0
                for n in range(rate * seconds)]
        with tempfile.TemporaryDirectory() as folder:
            source, target = os.path.join(folder, "in.wav"), os.path.join(folder, "out.wav")
            with wave.open(source, "wb") as file:
                file.setparams((2, 2, rate, 0, "NONE", ""))
                file.writeframes(b"".join(struct.pack("<hh", value, value) for value in tone))
            ran = run("audio_tools", source, target)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            with wave.open(target, "rb") as file:
                self.assertEqual(file.getparams()[:4], (1, 2, 16000, 16000 * seconds))
            refused = run("audio_tools", __file__, target)
        said = ran.stdout.splitlines()
        self.assertRegex(said[0], r"^level -1[67]\.\d+ dBFS, peak -8\.\d+ dBFS$")
        begin, end = (int(line.split()[2]) for line in said[1:3])
        self.assertTrue(750 <= begin <= 1000 and 1980 <= end <= 2050, ran.stdout)
        self.assertEqual(said[3], "150 chunks of 20 ms, audio/pcm;rate=16000")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("WAV: the file does not begin as WAV files do", refused.stderr)

    def test_voice_assistant(self):
        rate = 48000
        loud = [9000 if n // 60 % 2 else -9000 for n in range(rate)]
        with tempfile.TemporaryDirectory() as folder:
            source, target = os.path.join(folder, "in.wav"), os.path.join(folder, "out.wav")
            with wave.open(source, "wb") as file:
                file.setparams((1, 2, rate, 0, "NONE", ""))
                file.writeframes(struct.pack(f"<{rate}h", *loud))
            self.offline("voice_assistant", source, target)
            with wave.open(target, "rb") as file:
                self.assertEqual(file.getparams()[:3], (1, 2, 24000))
                samples = struct.unpack(f"<{file.getnframes()}h", file.readframes(file.getnframes()))
        self.assertGreater(len(samples), 24000, "an answer of more than a second")
        self.assertGreater(max(samples), 1000, "that can be heard")

    def test_duplex_assistant(self):
        rate = 16000
        quiet, loud = [0] * rate, [9000 if n // 20 % 2 else -9000 for n in range(rate)]
        with tempfile.TemporaryDirectory() as folder:
            source, target, script = (os.path.join(folder, name) for name in ("in.wav", "out.wav", "script.yaml"))
            with wave.open(source, "wb") as file:
                file.setparams((1, 2, rate, 0, "NONE", ""))
                samples = quiet + loud + 2 * quiet + loud
                file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
            with open(script, "w", encoding="utf-8") as file:
                file.write("version: 1\nrules:\n  - {when: {over: live, time: 1}, answer: " + "on and " * 40 + "on.}\n"
                           "  - {when: {over: live}, answer: Well then.}\n")
            with Started("emulate", "--port", "0", "--pace", "0", "--script", script) as service:
                ran = run("duplex_assistant", source, target, GOOGLE_GEMINI_BASE_URL=service.url, GEMINI_API_KEY="any")
            self.assertEqual(ran.returncode, 0, ran.stderr)
            with wave.open(target, "rb") as file:
                self.assertEqual(file.getparams()[:3], (1, 2, 24000))
                heard = file.getnframes() / 24000
        said = ran.stdout.splitlines()
        self.assertEqual(said.count("You: (speech of 1.0 seconds)"), 2, ran.stdout)
        self.assertLess(said.index("[interrupted]"), said.index("Model: Well then."), ran.stdout)
        self.assertEqual(sum(re.fullmatch(r"\[\d+ ms\]", line) is not None for line in said), 2, ran.stdout)
        self.assertTrue(1 < heard < 8, f"{heard} s: a part of the first answer, and the second")
        refused = run("duplex_assistant", __file__, target, GEMINI_API_KEY="any")
        self.assertEqual((refused.returncode, refused.stdout), (1, ""))
        self.assertIn("WAV: ", refused.stderr)

    def test_one_budget(self):
        with Started("emulate", "--port", "0", "--pace", "0") as service:
            env = {"GOOGLE_GEMINI_BASE_URL": service.url, "GEMINI_API_KEY": "any"}
            ran = run("one_budget", "repeat: blue", "0.05", **env)
            dear = run("one_budget", "repeat: blue", "0.005", **env)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        said = re.fullmatch(r"gemini-2.5-flash: blue\n(\d+) of the day's 50000 are spent\n"
                            r"gemini-2.5-pro: blue\n(\d+) of the day's 50000 are spent\n", ran.stdout)
        self.assertTrue(said and 0 < int(said[1]) < int(said[2]), ran.stdout)
        self.assertEqual((dear.returncode, dear.stdout.splitlines()[0]), (1, "gemini-2.5-flash: blue"))
        self.assertRegex(dear.stderr, "^too_large: .* money_per_day of project 'my project'")

    def test_many_calls(self):
        with Started("emulate", "--port", "0", "--pace", "0") as service:
            env = {**os.environ, "GOOGLE_GEMINI_BASE_URL": service.url, "GEMINI_API_KEY": "any"}
            questions = "".join(f"repeat: {n}\n" for n in range(12))
            ran = subprocess.run([f"{BIN}/example_many_calls", "3"], input=questions, capture_output=True, text=True,
                                 timeout=60, env=env)
        self.assertEqual((ran.returncode, ran.stdout), (0, "".join(f"{n}\n" for n in range(12))), ran.stderr)
        self.assertEqual(run("many_calls", "0").returncode, 2)

    def test_limited_calls(self):
        ran = run("limited_calls")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        lines = ran.stdout.splitlines()
        self.assertEqual(lines.count("one waits"), 3, "two at once, the others wait")
        self.assertEqual(sorted(line for line in lines if line.startswith("answer")),
                         ["answer 1", "answer 2", "answer 4", "answer 5"])
        self.assertEqual(sum("the service is busy" in line for line in lines), 1)

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
        longer = {"duplex_assistant.cpp": 100}
        folder = os.path.dirname(os.path.abspath(__file__))
        for name in os.listdir(folder):
            if name.endswith(".cpp"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    self.assertLessEqual(len(file.readlines()), longer.get(name, 60), name)


if __name__ == "__main__":
    unittest.main()
