"""parley live: text, speech in files and pipes, against an emulator in a process of its own."""
import http.server
import json
import math
import os
import pty
import re
import struct
import subprocess
import tempfile
import threading
import unittest
import urllib.request
import wave

PARLEY = os.environ["PARLEY_BIN"]
CLEAN = {name: value for name, value in os.environ.items()
         if not name.startswith(("GEMINI_", "GOOGLE_", "GENAI_", "OPENAI_", "PARLEY_C"))}


def run(*words, stdin=b"", env=None):
    return subprocess.run([PARLEY, *words], input=stdin, capture_output=True, timeout=120,
                          env={**CLEAN, **(env or {})})


def tone(seconds, rate=16000):
    return b"".join(struct.pack("<h", int(12000 * math.sin(n / 7))) for n in range(int(seconds * rate)))


class Emulator:
    def __init__(self, *words, pace="1"):
        self.process = subprocess.Popen([PARLEY, "emulate", "--port", "0", "--pace", pace, "--playback", "0", *words],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=CLEAN)
        for line in self.process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                self.env = {"GOOGLE_GEMINI_BASE_URL": found.group(0), "GEMINI_API_KEY": "any"}
                break

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)
        self.process.stdout.close()


def devices(folder, spoken=b""):
    """A configuration of ALSA whose microphone and speaker are files; the file of a microphone begins anew at its end."""
    with open(folder + "/mic.raw", "wb") as file:
        file.write(bytes(16000) + spoken + bytes(32000 * 120))
    with open(folder + "/asound.conf", "w", encoding="utf-8") as file:
        file.write(f"""pcm.nothing {{ type null }}
pcm.mic {{ type file slave.pcm nothing file /dev/null infile "{folder}/mic.raw" format raw
  hint {{ show on description "A microphone" }} }}
pcm.ear {{ type file slave.pcm nothing file "{folder}/ear.raw" format raw }}
pcm.ear48 {{ type plug slave {{ pcm ear rate 48000 channels 2 }} }}
pcm.mic8 {{ type plug slave {{ pcm mic rate 8000 channels 1 }} }}
""")
    return {"ALSA_CONFIG_PATH": folder + "/asound.conf"}


def quit_when(told, words, env):
    """Runs parley live until it tells that, then quits; gives its exit code and what it told."""
    talk = subprocess.Popen([PARLEY, "live", "--stats", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env={**CLEAN, **env})
    lines = []
    for line in talk.stderr:
        lines.append(line)
        if told in line:
            break
    out, err = talk.communicate("/quit\n", timeout=120)
    return talk.returncode, out, "".join(lines) + err


def sound_of(path):
    with wave.open(path, "rb") as file:
        return file.readframes(file.getnframes())


WITH_DEVICES = "built without" not in run("live", "--devices").stderr.decode()


class Live(unittest.TestCase):
    def test_lines_are_turns_and_the_answers_alone_go_to_standard_output(self):
        said = run("live", "--offline", "--pace", "0", "--text", "-m", "gemini-live-2.5-flash-preview",
                   stdin="repeat: Grüße\nrepeat: and again\n".encode())
        self.assertEqual((said.returncode, said.stdout.decode()), (0, "Grüße\nand again\n"), said.stderr.decode())

    def test_each_event_is_a_line_of_json(self):
        said = run("live", "--offline", "--pace", "0", "--text", "--json", "-m", "gemini-live-2.5-flash-preview",
                   stdin=b"repeat: one two\n")
        events = [json.loads(line) for line in said.stdout.decode().splitlines()]
        self.assertEqual("".join(one["text"] for one in events if one["event"] == "said"), "one two")

    def test_speech_of_a_file_is_answered_in_speech(self):
        with tempfile.TemporaryDirectory() as folder, Emulator("--hears", "repeat: blue sky") as emulator:
            question, answer = folder + "/q.wav", folder + "/a.wav"
            with wave.open(question, "wb") as file:
                file.setnchannels(1), file.setsampwidth(2), file.setframerate(24000)
                file.writeframes(tone(0.4, 24000))
            said = run("live", "--input", question, "--output", answer, "--stats", env=emulator.env)
            told = said.stderr.decode()
            self.assertEqual(said.returncode, 0, told)
            self.assertIn("blue sky", said.stdout.decode())
            self.assertIn("repeat: blue sky", told)  # the caption of what was heard
            self.assertRegex(told, r"first sound \d+ ms")
            with wave.open(answer, "rb") as file:
                self.assertEqual((file.getframerate(), file.getnchannels(), file.getsampwidth()), (24000, 1, 2))
                self.assertGreater(file.getnframes(), 1000)

    def test_speech_goes_through_pipes(self):
        with Emulator("--hears", "repeat: blue sky") as emulator:
            said = run("live", "--input", "-", "--output", "-", env=emulator.env, stdin=tone(0.4) + bytes(32000))
            self.assertEqual(said.returncode, 0, said.stderr.decode())
            self.assertGreater(len(said.stdout), 2000)
            self.assertEqual(len(said.stdout) % 2, 0)
            self.assertIn("blue sky", said.stderr.decode())

    def test_another_voice_comes_by_a_hand_over(self):
        with Emulator() as emulator:
            said = run("live", "--keep", env=emulator.env, stdin=b"repeat: one\n/voice Puck\nrepeat: two\n")
        told = said.stderr.decode()
        self.assertEqual((said.returncode, said.stdout.decode()), (0, "one\ntwo\n"), told)
        self.assertIn("hand-over begun: change", told)

    def test_a_service_that_speaks_openais_realtime_api(self):
        with Emulator() as emulator:
            base = emulator.env["GOOGLE_GEMINI_BASE_URL"]
            env = {"OPENAI_API_KEY": "any", "OPENAI_BASE_URL": base + "/v1"}
            said = run("live", "-m", "openai/gpt-realtime", "--text", env=env, stdin=b"repeat: one\nrepeat: two\n")
            self.assertEqual((said.returncode, said.stdout.decode()), (0, "one\ntwo\n"), said.stderr.decode())
            self.assertNotIn("offline", said.stderr.decode())
        keyless = run("live", "-m", "openai/gpt-realtime", env={"OPENAI_API_KEY": ""})
        self.assertEqual(keyless.returncode, 1)
        self.assertIn("OPENAI_API_KEY is not set", keyless.stderr.decode())
        other = run("live", "-m", "anthropic/claude")
        self.assertIn("has no live sessions", other.stderr.decode())

    def test_limits_of_a_tier_are_waited_for_and_named(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/parley.toml", "w", encoding="utf-8") as file:
                file.write('max_wait = "200ms"\n[multipliers]\nrpm = 1.0\n[providers.gemini.tiers.tiny]\nrpm = 2\n')
            said = subprocess.run([PARLEY, "live", "--offline", "--pace", "0", "--text", "--tier", "tiny",
                                   "-m", "gemini-live-2.5-flash-preview"], input=b"repeat: one\nrepeat: two\nrepeat: 3\n",
                                  capture_output=True, timeout=120, env=CLEAN, cwd=folder)
        self.assertEqual((said.returncode, said.stdout.decode()), (1, "one\ntwo\n"), said.stderr.decode())
        self.assertIn("waiting for requests_per_minute", said.stderr.decode())
        self.assertIn("rate_limited", said.stderr.decode())
        unknown = run("live", "--offline", "--tier", "gold")
        self.assertEqual(unknown.returncode, 2)
        self.assertIn("there is no tier \"gold\"", unknown.stderr.decode())

    def test_a_conversation_goes_on_with_another_service(self):
        with Emulator() as second:
            with Emulator() as first:
                env = {**first.env, "OPENAI_API_KEY": "any",
                       "OPENAI_BASE_URL": second.env["GOOGLE_GEMINI_BASE_URL"] + "/v1"}
                talk = subprocess.Popen([PARLEY, "live", "--fallback", "openai/gpt-realtime"], env={**CLEAN, **env},
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True)
                talk.stdin.write("My name is Ada.\n")
                talk.stdin.flush()
                self.assertIn("Ada", talk.stdout.readline())
            talk.stdin.write("Who am I?\n")
            talk.stdin.flush()
            said, told = talk.communicate(timeout=120)
        self.assertEqual(talk.returncode, 0, told)
        self.assertIn("Ada", said)
        self.assertIn("hand-over done at openai/gpt-realtime: loss, seeded", told)

    @unittest.skipUnless(WITH_DEVICES, "PARLEY_ALSA is off")
    def test_a_microphone_is_heard_and_a_speaker_plays_the_answer_sample_by_sample(self):
        with tempfile.TemporaryDirectory() as folder, Emulator("--hears", "repeat: blue sky") as emulator:
            env = {**devices(folder, tone(0.6)), **emulator.env}
            code, said, told = quit_when("played to its end", ["--microphone", "mic", "--speaker", "ear",
                                                               "--output", folder + "/a.wav"], env)
            self.assertEqual((code, said), (0, "blue sky\n"), told)
            self.assertIn("repeat: blue sky", told)
            with open(folder + "/ear.raw", "rb") as file:
                played = file.read()
            self.assertGreater(len(played), 2000)
            self.assertEqual(played, sound_of(folder + "/a.wav"))

    @unittest.skipUnless(WITH_DEVICES, "PARLEY_ALSA is off")
    def test_devices_of_other_rates_and_channels_are_converted(self):
        with tempfile.TemporaryDirectory() as folder, Emulator("--hears", "repeat: blue sky") as emulator:
            env = {**devices(folder, tone(0.6)), **emulator.env}
            code, said, told = quit_when("played to its end", ["--microphone", "mic8", "--speaker", "ear48",
                                                               "--output", folder + "/a.wav"], env)
            self.assertEqual((code, said), (0, "blue sky\n"), told)
            with open(folder + "/ear.raw", "rb") as file:
                played = file.read()
            # Twice the rate, and two channels that are alike.
            self.assertEqual(len(played), 4 * len(sound_of(folder + "/a.wav")))
            self.assertTrue(all(played[at:at + 2] == played[at + 2:at + 4] for at in range(0, len(played), 4)))

    @unittest.skipUnless(WITH_DEVICES, "PARLEY_ALSA is off")
    def test_lines_are_answered_on_the_speaker(self):
        with tempfile.TemporaryDirectory() as folder, Emulator() as emulator:
            env = {**devices(folder), **emulator.env}
            said = run("live", "--speaker", "ear", "--stats", env=env, stdin=b"repeat: one\nrepeat: two\n")
            self.assertEqual((said.returncode, said.stdout), (0, b"one\ntwo\n"), said.stderr.decode())
            self.assertEqual(said.stderr.decode().count("played to its end"), 2)
            self.assertGreater(os.path.getsize(folder + "/ear.raw"), 2000)

    @unittest.skipUnless(WITH_DEVICES, "PARLEY_ALSA is off")
    def test_devices_are_listed_and_missing_ones_told(self):
        with tempfile.TemporaryDirectory() as folder:
            env = devices(folder)
            listed = run("live", "--devices", "--json", env=env)
            self.assertIn({"name": "mic", "use": "both", "description": "A microphone"},
                          [json.loads(line) for line in listed.stdout.decode().splitlines()])
            for option, name in (("--microphone", "microphone"), ("--speaker", "speaker")):
                said = run("live", "--offline", option, "absent", env=env)
                self.assertEqual(said.returncode, 2)
                self.assertIn(f'there is no {name} "absent"; parley live --devices lists them', said.stderr.decode())

    @unittest.skipUnless(WITH_DEVICES, "PARLEY_ALSA is off")
    def test_a_device_that_fails_ends_the_conversation_with_its_name(self):
        with tempfile.TemporaryDirectory() as folder, Emulator() as emulator:
            with open(folder + "/asound.conf", "w", encoding="utf-8") as file:
                file.write("""pcm.nothing { type null }
pcm.card7 { type hw card 7 }
pcm.unread { type file slave.pcm nothing file "/proc/none/sound" format raw }
pcm.full { type file slave.pcm nothing file "/dev/full" format raw }
pcm.dead { type file slave.pcm nothing file "| exit 3" format raw }
""")
            env = {"ALSA_CONFIG_PATH": folder + "/asound.conf", **emulator.env}
            for option, name, why in (("--microphone", "unread", "(recording)"), ("--speaker", "full", "(playing)"),
                                      ("--speaker", "dead", "(playing)")):
                said = run("live", option, name, env=env, stdin=b"repeat: one two three four\n")
                told = said.stderr.decode()
                self.assertEqual(said.returncode, 1, (name, told))
                self.assertIn(f'the {option[2:]} "{name}"', told)
                self.assertIn(why, told)
            gone = run("live", "--speaker", "card7", env=env)
            self.assertEqual(gone.returncode, 2)
            self.assertIn('there is no speaker "card7"', gone.stderr.decode())

    def test_on_a_terminal_it_is_a_full_screen_with_keys(self):
        with Emulator() as emulator:
            env = {**CLEAN, **emulator.env, "TERM": "xterm", "NO_COLOR": "1"}
            outer, inner = pty.openpty()
            talk = subprocess.Popen([PARLEY, "live"], stdin=inner, stdout=inner, stderr=subprocess.PIPE, env=env)
            os.close(inner)
            os.write(outer, "repeat: gruen\r".encode())
            shown = ""
            while "model  gruen" not in shown:
                shown += os.read(outer, 65536).decode(errors="replace")
            os.write(outer, b"\x07")  # Ctrl-G
            while "stop the answer" not in shown:
                shown += os.read(outer, 65536).decode(errors="replace")
            os.write(outer, b"\x03")
            while "\x1b[?1049l" not in shown:
                shown += os.read(outer, 65536).decode(errors="replace")
            self.assertEqual(talk.wait(60), 0, talk.stderr.read())
            talk.stderr.close()
            os.close(outer)
            self.assertIn("\x1b[?1049h", shown)
            self.assertIn("you    repeat: gruen", shown)
            self.assertNotIn("\x1b[1m", shown)  # NO_COLOR

    @unittest.skipUnless(WITH_DEVICES, "PARLEY_ALSA is off")
    def test_escape_stops_the_service_and_the_caption_keeps_what_was_heard(self):
        with tempfile.TemporaryDirectory() as folder, Emulator(pace="200") as emulator:
            env = {**CLEAN, **emulator.env, **devices(folder), "TERM": "xterm", "NO_COLOR": "1"}
            outer, inner = pty.openpty()
            talk = subprocess.Popen([PARLEY, "live", "--speaker", "ear"], stdin=inner, stdout=inner,
                                    stderr=subprocess.PIPE, env=env)
            os.close(inner)
            os.write(outer, ("repeat: " + " ".join(["word"] * 60) + " last\r").encode())
            shown = ""
            while "model  word word word" not in shown:
                shown += os.read(outer, 65536).decode(errors="replace")
            os.write(outer, b"\x1b")
            while "interrupted" not in shown or "…" not in shown:
                shown += os.read(outer, 65536).decode(errors="replace")
            os.write(outer, b"repeat: next\r")
            while "model  next" not in shown:
                shown += os.read(outer, 65536).decode(errors="replace")
            os.write(outer, b"\x03")
            while "\x1b[?1049l" not in shown or "model  next" not in shown.split("\x1b[?1049l")[1]:
                shown += os.read(outer, 65536).decode(errors="replace")
            self.assertEqual(talk.wait(60), 0, talk.stderr.read())
            talk.stderr.close()
            os.close(outer)
            captions = shown.split("\x1b[?1049l")[1]
            self.assertRegex(captions, r"model  (word )*…")
            self.assertEqual(captions.count("last"), 1)  # in the question alone

    def test_metrics_have_the_latency_of_turns_and_no_secret(self):
        with Emulator() as emulator:
            env = {**CLEAN, **emulator.env, "GEMINI_API_KEY": "s3cret-key"}
            talk = subprocess.Popen([PARLEY, "live", "--metrics", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True, env=env)
            page = re.search(r"http://127\.0\.0\.1:\d+/metrics", talk.stderr.readline()).group(0)
            talk.stdin.write("repeat: blue words\n")
            talk.stdin.flush()
            self.assertEqual(talk.stdout.readline(), "blue words\n")
            metrics = urllib.request.urlopen(page, timeout=60).read().decode()
            talk.communicate("/quit\n", timeout=60)
        self.assertRegex(metrics, r"parley_gemini_live_turn_first_audio_seconds_count\{model=\"[^\"]+\"\} 1\n")
        self.assertRegex(metrics, r"parley_gemini_live_turn_first_audio_seconds_bucket\{.*le=\"0\.5\"\} ")
        self.assertIn("parley_gemini_live_attempt_total 1", metrics)
        self.assertIn("parley_net_ws_session_open 1", metrics)
        self.assertNotRegex(metrics, r"net_ws_connect_duration_seconds_count (?!\{)")  # measured once
        for secret in ("s3cret-key", "blue words"):
            self.assertNotIn(secret, metrics)

    def test_a_collector_gets_metrics_or_its_refusal_is_told(self):
        got = []

        class Collector(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                got.append((self.path, self.rfile.read(int(self.headers["Content-Length"])).decode()))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with Emulator() as emulator:
            said = run("live", "--otlp", f"http://127.0.0.1:{server.server_port}", env=emulator.env,
                       stdin=b"repeat: blue words\n")
            self.assertEqual((said.returncode, said.stdout), (0, b"blue words\n"), said.stderr.decode())
            server.shutdown()
            server.server_close()
            refused = run("live", "--otlp", f"http://127.0.0.1:{server.server_port}", env=emulator.env,
                          stdin=b"repeat: blue\n")
            self.assertEqual(refused.returncode, 0)
            self.assertIn("the collector did not take the metrics", refused.stderr.decode())
            self.assertEqual(run("live", "--otlp", "nowhere", env=emulator.env).returncode, 2)
        everything = "".join(body for _, body in got)
        self.assertEqual({path for path, _ in got}, {"/v1/traces", "/v1/metrics"})
        self.assertIn("live_turn", everything)
        self.assertNotIn("blue words", everything)

    def test_mistakes_are_told(self):
        self.assertIn("cannot read", run("live", "--offline", "--input", "absent.wav").stderr.decode())
        wrong = run("live", "--offline", "-m", "gemini-2.5-flash", stdin=b"x\n")
        self.assertEqual(wrong.returncode, 1)
        self.assertEqual(wrong.stdout, b"")


if __name__ == "__main__":
    unittest.main()
