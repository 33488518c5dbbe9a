"""The program as people and scripts use it: output, standard input, exit codes."""
import http.server
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest
import urllib.error
import urllib.request
import wave

PARLEY = os.environ["PARLEY_BIN"]
CLEAN = {name: value for name, value in os.environ.items()
         if name not in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GENAI_MODEL_ID")}
LIMIT = 120  # seconds; nothing here waits for time, a hang is a failure


def run(*words, stdin="", env=None):
    return subprocess.run([PARLEY, *words], input=stdin, capture_output=True, text=True, timeout=LIMIT,
                          env={**CLEAN, **(env or {})})


class Started:
    """A `parley serve` or `parley emulate` that has said where it listens."""

    def __init__(self, *words, env=None):
        self.process = subprocess.Popen([PARLEY, *words], stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.DEVNULL, env={**CLEAN, **(env or {})})
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line)
            if found := re.search(r"https?://127\.0\.0\.1:(\d+)", line):
                self.port = int(found.group(1))
                self.url = found.group(0)
                break

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(LIMIT)
        self.process.stdout.close()
        return code


class Ask(unittest.TestCase):
    def test_the_answer_alone_goes_to_standard_output(self):
        asked = run("ask", "--offline", "--pace", "0", "repeat: Grüße, 世界")
        self.assertEqual((asked.returncode, asked.stdout), (0, "Grüße, 世界\n"))

    def test_models_are_compared_with_their_times_tokens_and_prices(self):
        asked = run("ask", "--offline", "--pace", "0", "--compare", "gemini-2.5-pro", "repeat: blue")
        self.assertEqual(asked.returncode, 0, asked.stderr)
        self.assertRegex(asked.stdout, r"^== gemini-2\.5-flash\nblue\n\(first text \d+ ms, whole \d+ ms; \d+ \+ \d+ tokens; "
                                       r"0\.\d{6} USD\)\n\n== gemini-2\.5-pro\nblue\n")
        lines = run("ask", "--offline", "--pace", "0", "--json", "--compare", "no-such-model", "repeat: blue")
        first, second = [json.loads(line) for line in lines.stdout.splitlines()]
        self.assertEqual((first["model"], first["text"], lines.returncode), ("gemini-2.5-flash", "blue", 1))
        self.assertIn("not_found", second["error"])
        for other in (["--chat", "c.json"], ["--timeout", "3"], ["--no-stream"]):
            self.assertEqual(run("ask", "--compare", "m", *other, "x").returncode, 2)

    def test_an_answer_that_was_blocked_is_told_where_models_are_compared(self):
        with tempfile.TemporaryDirectory() as folder:
            script = os.path.join(folder, "s.yaml")
            with open(script, "w", encoding="utf-8") as file:
                file.write("version: 1\nrules:\n  - when: {model: gemini-2.5-pro}\n    answer: No\n    finish: SAFETY\n")
            with Started("emulate", "--port", "0", "--pace", "0", "--script", script) as service:
                env = {"GOOGLE_GEMINI_BASE_URL": service.url, "GEMINI_API_KEY": "any"}
                asked = run("ask", "--compare", "gemini-2.5-pro", "repeat: blue", env=env)
                lines = run("ask", "--json", "--compare", "gemini-2.5-pro", "repeat: blue", env=env)
        self.assertEqual(asked.returncode, 3, asked.stderr)
        self.assertIn("SAFETY", asked.stderr)
        self.assertIn("SAFETY", json.loads(lines.stdout.splitlines()[1])["error"])

    def test_without_a_key_it_says_who_answers(self):
        asked = run("ask", "--pace", "0", "repeat: x")
        self.assertIn("offline", asked.stderr)
        self.assertEqual(asked.stdout, "x\n")

    def test_standard_input_is_the_question_or_joins_it(self):
        self.assertEqual(run("ask", "--offline", "--pace", "0", stdin="repeat: piped").stdout, "piped\n")
        both = run("ask", "--offline", "--pace", "0", "repeat: before", stdin="the input").stdout
        self.assertIn("before", both)
        self.assertIn("the input", both)

    def test_json_lines(self):
        lines = run("ask", "--offline", "--pace", "0", "--json", "write 50 words about rain").stdout.splitlines()
        messages = [json.loads(line) for line in lines]
        self.assertEqual(messages[-1]["candidates"][0]["finishReason"], "STOP")

    def test_exit_codes(self):
        self.assertEqual(run("ask", "--offline").returncode, 2)
        self.assertEqual(run("ask", "--nonsense").returncode, 2)
        self.assertEqual(run("shout").returncode, 2)
        self.assertIn('"shout"', run("shout").stderr)
        self.assertEqual(run().returncode, 2)
        refused = run("ask", "--base-url", "http://127.0.0.1:1", "x", env={"GEMINI_API_KEY": "k-canary"})
        self.assertEqual(refused.returncode, 1)
        self.assertIn("127.0.0.1", refused.stderr)
        self.assertNotIn("canary", refused.stderr + refused.stdout)

    def test_an_error_of_the_service_is_told(self):
        with Started("emulate", "--port", "0", "--bad-key", "stolen-canary") as service:
            asked = run("ask", "--base-url", service.url, "x", env={"GEMINI_API_KEY": "stolen-canary"})
        self.assertEqual(asked.returncode, 1)
        self.assertIn("API key not valid", asked.stderr)
        self.assertNotIn("canary", asked.stderr)
        self.assertEqual(asked.stdout, "")


    def test_what_the_answer_is_to_be(self):
        with tempfile.TemporaryDirectory() as folder:
            schema, notes, other = (os.path.join(folder, name) for name in ("schema.json", "notes.md", "x.bin"))
            with open(schema, "w") as file:
                file.write('{"type": "object"}')
            with open(notes, "w") as file:
                file.write("# Notes\n")
            with open(other, "wb") as file:
                file.write(b"\xff\xfe")
            answer = json.loads(run("ask", "--offline", "--schema", schema, "Hello").stdout)
            self.assertEqual(answer["prompt"], "Hello")
            self.assertEqual(json.loads(run("ask", "--offline", "--answer-json", "Hello").stdout), answer)
            counted = [json.loads(run("ask", "--offline", "--json", "--pace", "0", *words, "repeat: hi").stdout)
                       ["usageMetadata"]["promptTokenCount"]
                       for words in ([], ["-f", notes], ["-f", notes, "-f", schema, "--thinking", "low", "--temperature", "0.5"])]
            self.assertEqual(counted, sorted(set(counted)), "each file is sent")
            self.assertEqual(run("ask", "--offline", "--max-tokens", "1", "repeat: a long answer").stdout, "a lo\n")
            for words, said in ((["-f", other], "what kind of file"), (["-f", folder + "/none"], "cannot read"),
                                (["--thinking", "odd"], "minimal, low, medium, high"), (["--schema", notes], "line 1, column 1")):
                asked = run("ask", "--offline", *words, "x")
                self.assertEqual(asked.returncode, 2, words)
                self.assertIn(said, asked.stderr)

    def test_a_conversation_goes_on_in_its_file(self):
        with tempfile.TemporaryDirectory() as folder:
            chat = os.path.join(folder, "chat.json")
            ask = lambda *words: run("ask", "--offline", "--pace", "0", "--chat", chat, *words)
            self.assertEqual(ask("My name is Ada").returncode, 0)
            self.assertIn("Ada", ask("--no-stream", "Who am I?").stdout)
            with open(chat) as file:
                turns = json.load(file)
            self.assertEqual([turn["role"] for turn in turns], ["user", "model"] * 2)
            failed = run("ask", "--base-url", "http://127.0.0.1:1", "--chat", chat, "x", env={"GEMINI_API_KEY": "k"})
            self.assertEqual(failed.returncode, 1)
            with open(chat) as file:
                self.assertEqual(json.load(file), turns, "a question that failed leaves no trace")
            with open(chat, "w") as file:
                file.write("[7]")
            refused = ask("x")
            self.assertEqual(refused.returncode, 2)
            self.assertIn("chat.json: $[0]", refused.stderr)
            with open(chat) as file:
                self.assertEqual(file.read(), "[7]")

    def test_usage_tools_and_settings_are_sent(self):
        asked = run("ask", "--offline", "--pace", "0", "--show-usage", "repeat: hello")
        self.assertEqual(asked.stdout, "hello\n")
        self.assertRegex(asked.stderr, r"\(tokens: prompt \d+, cached 0, answer 2, thoughts 0, tools 0, total \d+\)")
        whole = json.loads(run("ask", "--offline", "--no-stream", "--json", "repeat: hello").stdout)
        self.assertEqual(whole["candidates"][0]["content"]["parts"][0]["text"], "hello")
        words = ["--google-search", "--code-execution", "--url-context", "--top-p", "0.5", "--top-k", "3",
                 "--answer-seed", "7", "--thoughts", "--stop", "lo"]
        self.assertEqual(run("ask", "--offline", "--pace", "0", *words, "repeat: hello").stdout, "hel\n")
        for bad in (["--top-p", "2"], ["--timeout", "-1"], ["--top-k", "0"]):
            self.assertEqual(run("ask", "--offline", *bad, "x").returncode, 2, bad)

    def test_an_answer_that_is_not_given_has_its_exit_code(self):
        with tempfile.TemporaryDirectory() as folder:
            bodies = {"blocked": '{"promptFeedback": {"blockReason": "SAFETY"}}',
                      "stopped": '{"candidates": [{"content": {"parts": [{"text": "Hal"}]}, "finishReason": "SAFETY"}]}',
                      "found": '{"candidates": [{"content": {"parts": [{"text": "Yes."}, {"executableCode": '
                               '{"language": "PYTHON", "code": "1+1"}}, {"codeExecutionResult": {"output": "2"}}]},'
                               '"finishReason": "STOP", "groundingMetadata": {"groundingChunks": '
                               '[{"web": {"uri": "https://a", "title": "A"}}]}}]}'}
            recordings = []
            for name, body in bodies.items():
                path = os.path.join(folder, name + ".txt")
                with open(path, "w") as file:
                    file.write(f"data: {body}\r\n\r\n")
                recordings += ["--recording", path]
            with Started("emulate", "--port", "0", "--pace", "0", *recordings) as service:
                ask = lambda name, *words: run("ask", "--base-url", service.url, "-m", "recording-" + name, *words, "x",
                                               env={"GEMINI_API_KEY": "k"})
                self.assertEqual(ask("blocked").returncode, 3)
                self.assertIn("the prompt was blocked (SAFETY)", ask("blocked").stderr)
                stopped = ask("stopped")
                self.assertEqual((stopped.returncode, stopped.stdout), (3, "Hal\n"))
                self.assertEqual(ask("found").stdout, "Yes.\n```python\n1+1\n```\n```\n2\n```\n\n[1] A https://a\n")

    def test_an_answer_that_takes_too_long_ends(self):
        asked = run("ask", "--offline", "--pace", "60000", "--timeout", "0.2", "write 500 words about rain")
        self.assertEqual(asked.returncode, 1)
        self.assertIn("timeout: no whole answer within 0.2 s", asked.stderr)

    def test_an_answer_is_as_its_schema_says(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as schema:
            schema.write('{"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}, '
                         '"people": {"type": "integer", "minimum": 0}}}')
            schema.flush()
            ask = lambda words: run("ask", "--offline", "--pace", "0", "--schema", schema.name, words)
            self.assertEqual(json.loads(ask("How many live in Oslo, 700000?").stdout), {"city": "Oslo", "people": 700000})
            wrong = ask('repeat: {"city": 7}')
            self.assertEqual(wrong.returncode, 1)
            self.assertIn("$.city: expected a string, found a number", wrong.stderr)

    def test_models_are_listed_by_their_use(self):
        self.assertRegex(run("models", "--offline").stdout, r"gemini-2.5-flash +generate +1048576 in +65536 out")
        live = run("models", "--offline", "--use", "live", "--json").stdout.splitlines()
        self.assertGreater(len(live), 3)
        for line in live:
            self.assertIn("bidiGenerateContent", json.loads(line)["supportedGenerationMethods"])
        with Started("emulate", "--port", "0", "--bad-key", "stolen-canary") as service:
            refused = run("models", "--base-url", service.url, env={"GEMINI_API_KEY": "stolen-canary"})
        self.assertEqual(refused.returncode, 1)
        self.assertIn("API key not valid", refused.stderr)


class Serve(unittest.TestCase):
    def test_chat_by_pipe_and_by_session(self):
        with Started("serve", "--port", "0", "--memory", "--offline", "--pace", "0") as server:
            said = run("chat", server.url, stdin="repeat: one\nrepeat: two\n")
            self.assertEqual((said.returncode, said.stdout), (0, "one\ntwo\n"))
            with urllib.request.urlopen(server.url + "/sessions") as answer:
                session = json.load(answer)["sessions"][0]
            self.assertEqual(session["message_count"], 4)
            again = run("chat", server.url, "--session", session["session_id"], stdin="repeat: three\n")
            self.assertEqual(again.stdout, "three\n")
            wrong = run("chat", server.url, "--session", "no-such", stdin="hello\n")
            self.assertEqual(wrong.returncode, 1)
            self.assertIn("Session not found", wrong.stderr + wrong.stdout)
            self.assertEqual(server.end(), 0, "a stop by signal is in order")

    def test_metrics_have_the_answers_and_nothing_that_was_said(self):
        with Started("serve", "--port", "0", "--memory", "--offline", "--pace", "0", "--quiet") as server:
            run("chat", server.url, stdin="repeat: lapislazuli\n")
            with urllib.request.urlopen(server.url + "/metrics") as answer:
                self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
                page = answer.read().decode()
            self.assertIn('parley_server_answer_total{model="gemini-2.5-flash",outcome="ok"} 1\n', page)
            self.assertIn('parley_server_answer_first_text_seconds_count{model="gemini-2.5-flash"} 1\n', page)
            self.assertIn("parley_server_answer_open 0\n", page)
            self.assertNotIn("lapislazuli", page)

    def test_hang_up_reloads_the_configuration_or_leaves_it_as_it_was(self):
        with tempfile.TemporaryDirectory() as folder:
            path = folder + "/parley.toml"

            def write(text):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)

            write('model = "gemini-2.5-pro"\n')
            server = subprocess.Popen([PARLEY, "serve", "--port", "0", "--memory", "--offline", "--quiet"], text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**CLEAN, "PARLEY_CONFIG": path})
            url = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline()).group(0)

            def model():
                with urllib.request.urlopen(url + "/health") as answer:
                    return json.load(answer)["model"]

            def told_after(text):
                write(text)
                server.send_signal(signal.SIGHUP)
                for line in server.stderr:
                    if "reloaded" in line:
                        return line
                return ""

            self.assertEqual(model(), "gemini-2.5-pro")
            self.assertIn("was reloaded: gemini-2.5-flash-lite", told_after('model = "gemini-2.5-flash-lite"\n'))
            self.assertEqual(model(), "gemini-2.5-flash-lite")
            for wrong, why in (("model = 3\n", "mistakes"), ('model = "no-such"\n', 'no model "no-such"')):
                told = told_after(wrong)
                self.assertIn("what was in force stays", told)
                self.assertIn(why, told)
                self.assertEqual(model(), "gemini-2.5-flash-lite")
            server.terminate()
            self.assertEqual(server.wait(60), 0)
            server.stdout.close()
            server.stderr.close()

    def test_hang_up_moves_to_another_service_or_stays_with_the_one_that_was(self):
        with tempfile.TemporaryDirectory() as folder, \
                Started("emulate", "--port", "0", "--pace", "0") as first, \
                Started("emulate", "--port", "0", "--pace", "0") as second:
            path = folder + "/parley.toml"

            def write(service):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(f'model = "gemini-2.5-flash"\n[providers.gemini]\nbase_url = {service}\n')

            write(f'"{first.url}"')
            server = subprocess.Popen([PARLEY, "serve", "--port", "0", "--memory", "--quiet"], text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      env={**CLEAN, "PARLEY_CONFIG": path, "GEMINI_API_KEY": "any"})
            url = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline()).group(0)

            def asked(service):
                with urllib.request.urlopen(service.url + "/parley/journal") as answer:
                    return answer.read().decode().count("streamGenerateContent")

            def ask():
                said = run("chat", url, stdin="repeat: hello\n")
                self.assertIn("hello", said.stdout, said.stderr)

            def told_after(service):
                write(service)
                server.send_signal(signal.SIGHUP)
                for line in server.stderr:
                    if "reloaded" in line:
                        return line
                return ""

            ask()
            self.assertEqual((asked(first), asked(second)), (1, 0))
            self.assertIn("was reloaded", told_after(f'"{second.url}"'))
            ask()
            self.assertEqual((asked(first), asked(second)), (1, 1))
            self.assertIn("what was in force stays", told_after("3"))
            ask()
            self.assertEqual((asked(first), asked(second)), (1, 2))
            server.terminate()
            self.assertEqual(server.wait(60), 0)
            server.stdout.close()
            server.stderr.close()

    def test_a_collector_gets_the_metrics_and_spans_of_a_server(self):
        got, done = [], threading.Event()

        class Collector(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                got.append((self.path, self.rfile.read(int(self.headers["Content-Length"])).decode()))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                if {one for one, _ in got} >= {"/v1/traces", "/v1/metrics"}:
                    done.set()

            def log_message(self, *_):
                pass

        collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        with Started("serve", "--port", "0", "--memory", "--offline", "--pace", "0",
                     "--otlp", f"http://127.0.0.1:{collector.server_port}") as server:
            said = run("chat", server.url, stdin="repeat: blue words\n")
            self.assertIn("blue words", said.stdout, said.stderr)
            self.assertTrue(done.wait(LIMIT))
        collector.shutdown()
        collector.server_close()
        everything = "".join(body for _, body in got)
        self.assertIn("parley", everything)
        self.assertNotIn("blue words", everything)

    def test_the_model_of_the_environment_is_the_default(self):
        with Started("serve", "--port", "0", "--memory", "--offline", env={"GENAI_MODEL_ID": "gemini-2.5-pro"}) as server:
            with urllib.request.urlopen(server.url + "/health") as answer:
                self.assertEqual(json.load(answer)["model"], "gemini-2.5-pro")
        with Started("serve", "--port", "0", "--memory", "--offline", "--model", "gemini-2.5-flash-lite",
                     env={"GENAI_MODEL_ID": "gemini-2.5-pro"}) as server:
            with urllib.request.urlopen(server.url + "/health") as answer:
                self.assertEqual(json.load(answer)["model"], "gemini-2.5-flash-lite")

    def test_without_a_server_chat_says_so(self):
        said = run("chat", "http://127.0.0.1:1", stdin="x\n")
        self.assertEqual(said.returncode, 1)
        self.assertIn("127.0.0.1:1", said.stderr)

    def test_a_port_in_use_is_named(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            started = run("serve", "--offline", "--memory", "--port", str(port))
        self.assertEqual(started.returncode, 1)
        self.assertIn(str(port), started.stderr)

    def test_an_open_address_needs_its_flag(self):
        started = run("serve", "--offline", "--memory", "--port", "0", "--host", "0.0.0.0")
        self.assertEqual(started.returncode, 2)
        self.assertIn("--insecure-no-auth", started.stderr)

    def test_a_data_folder_has_one_server(self):
        with tempfile.TemporaryDirectory() as folder, \
                Started("serve", "--port", "0", "--offline", "--data", folder):
            second = run("serve", "--port", "0", "--offline", "--data", folder)
            self.assertEqual(second.returncode, 1)
            self.assertIn(folder, second.stderr)


class Emulate(unittest.TestCase):
    def test_it_is_served_over_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            chain, key = os.path.join(folder, "chain.pem"), os.path.join(folder, "key.pem")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
                            "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
                            chain], check=True, stderr=subprocess.DEVNULL)
            with Started("emulate", "--port", "0", "--tls-cert", chain, "--tls-key", key) as service:
                self.assertTrue(service.url.startswith("https://"))
                trusted = ssl.create_default_context(cafile=chain)
                request = urllib.request.Request(service.url + "/v1beta/models",
                                                 headers={"x-goog-api-key": "k"})
                with urllib.request.urlopen(request, context=trusted) as answer:
                    self.assertIn("models", json.load(answer))
            self.assertEqual(run("emulate", "--tls-cert", chain).returncode, 2, "a key is needed")

    def test_a_certificate_is_made_at_its_start(self):
        with tempfile.TemporaryDirectory() as folder:
            chain = os.path.join(folder, "chain.pem")
            with Started("emulate", "--port", "0", "--tls", chain) as service:
                trusted = ssl.create_default_context(cafile=chain)
                for host in ("127.0.0.1", "localhost"):
                    request = urllib.request.Request(
                        service.url.replace("127.0.0.1", host) + "/v1beta/models", headers={"x-goog-api-key": "k"})
                    with urllib.request.urlopen(request, context=trusted) as answer:
                        self.assertIn("models", json.load(answer))
                with self.assertRaises(urllib.error.URLError):
                    urllib.request.urlopen(service.url)
            absent = run("emulate", "--port", "0", "--tls", os.path.join(folder, "none", "chain.pem"))
            self.assertEqual(absent.returncode, 1)
            self.assertIn("cannot write", absent.stderr)

    def test_faults_come_by_chance_and_from_the_seed(self):
        def outcomes():
            with Started("emulate", "--port", "0", "--faults", "1", "--seed", "5") as service:
                return [run("ask", "--base-url", service.url, "repeat: hello",
                            env={"GEMINI_API_KEY": "k"}).returncode for _ in range(8)]

        first = outcomes()
        self.assertIn(1, first)
        self.assertEqual(first, outcomes())

    def test_a_recording_is_played(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "hello.txt")
            with open(path, "w", encoding="utf-8") as file:
                file.write('data: {"candidates":[{"content":{"parts":[{"text":"recorded"}]},'
                           '"finishReason":"STOP"}]}\r\n\r\n')
            with Started("emulate", "--port", "0", "--recording", path) as service:
                asked = run("ask", "--base-url", service.url, "--model", "recording-hello", "x",
                            env={"GEMINI_API_KEY": "k"})
        self.assertEqual(asked.stdout, "recorded\n")

    def test_a_script_is_checked_and_its_mistakes_have_their_places(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "s.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write("version: 1\nrules:\n  - when: {txt: hello}\n    answer: hi\nquotas: []\n")
            checked = run("emulate", "--check", path)
            self.assertEqual((checked.returncode, checked.stdout), (1, ""))
            self.assertIn(f"{path}:3:12: error: ", checked.stderr)
            self.assertIn('"text"', checked.stderr)
            self.assertEqual(run("emulate", "--port", "0", "--script", path).returncode, 1)
            with open(path, "w", encoding="utf-8") as file:
                file.write("version: 1\nrules:\n  - when: {text: hello}\n    answer: hi\n")
            checked = run("emulate", "--check", path)
            self.assertEqual((checked.returncode, checked.stdout), (0, f"{path}: 1 rules, 0 quotas\n"))

    def test_a_script_a_quota_and_the_control(self):
        def call(url, method, body=None, **headers):
            with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method)) as answer:
                return json.load(answer)

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "s.yaml")
            with wave.open(os.path.join(folder, "hum.wav"), "wb") as file:
                file.setparams((1, 2, 16000, 0, "NONE", ""))
                file.writeframes(bytes(3200))
            with open(path, "w", encoding="utf-8") as file:
                file.write("version: 1\nrules:\n  - {when: {text: hello}, answer: scripted}\n"
                           "  - {when: {text: sound}, answer: [{audio: {wav: hum.wav}}]}\n")
            with Started("emulate", "--port", "0", "--script", path, "--hold-clock", "--quota", "rpm=1") as service:
                ask = lambda words: run("ask", "--base-url", service.url, words, env={"GEMINI_API_KEY": "canary"})
                self.assertEqual(ask("hello").stdout, "scripted\n")
                refused = ask("hello")
                self.assertEqual(refused.returncode, 1)
                self.assertIn("exceeded your current quota", refused.stderr)
                call(service.url + "/parley/clock", "POST", b"advance: 1m")
                self.assertEqual(ask("hello").stdout, "scripted\n")
                journal = call(service.url + "/parley/journal", "GET")
                self.assertEqual(len(journal["entries"]), 3)
                self.assertNotIn("canary", json.dumps(journal))
                call(service.url + "/parley/script", "POST", b"version: 1\nrules: [{answer: other}]")
                self.assertEqual(call(service.url + "/parley/state", "GET")["rules"][0]["name"], "rule 1")
                with self.assertRaises(urllib.error.HTTPError) as refused:
                    call(service.url + "/parley/state", "GET", Origin="https://evil.example")
                self.assertEqual(refused.exception.code, 403)
                refused.exception.close()
                self.assertEqual(service.end(), 0, "a stop by signal is in order")
            with Started("emulate", "--port", "0", "--control", "nobody") as service, \
                    self.assertRaises(urllib.error.HTTPError) as missing:
                call(service.url + "/parley/state", "GET")
            self.assertEqual(missing.exception.code, 404)
            missing.exception.close()
        wrong = run("emulate", "--quota", "rpm=x")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn('"rpm=x"', wrong.stderr)

    def test_what_the_page_of_the_emulator_shows_works(self):
        with open(os.path.join(os.path.dirname(__file__), "../../docs/emulator.md"), encoding="utf-8") as file:
            page = file.read()
        scripts, calls = (re.findall(rf"^```{kind}\n(.*?)^```", page, re.S | re.M) for kind in ("yaml", "sh"))
        self.assertGreaterEqual(len(scripts), 2)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "s.yaml")
            for script in scripts:
                with open(path, "w", encoding="utf-8") as file:
                    file.write(script)
                checked = run("emulate", "--check", path)
                self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertEqual(len(calls), 1)
        with Started("emulate", "--port", "0", "--pace", "0") as service:
            ran = subprocess.run(["bash", "-e", "-c", calls[0].replace("8090", str(service.port))],
                                 capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn('"text": "Hello from the script!"', ran.stdout)
        self.assertNotIn("key=any", ran.stdout)

    def test_a_folder_of_recordings_is_replayed(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "a.jsonl"), "w", encoding="utf-8") as file:
                for line in ({"parley_recording": 1},
                             {"at": 0, "exchange": 1, "request": {"method": "GET", "target": "/v1beta/models",
                                                                  "headers": [], "body": ""}},
                             {"at": 1, "exchange": 1, "response": {"status": 200, "headers": []}},
                             {"at": 1, "exchange": 1, "text": '{"models": []}'},
                             {"at": 1, "exchange": 1, "end": "whole"}):
                    file.write(json.dumps(line) + "\n")
            with open(os.path.join(folder, "b.log"), "wb") as file:
                file.write(b'>12 {"setup":{}}\n<27 {\n  "setupComplete": {}\n}\n\n')
            with Started("emulate", "--port", "0", "--replay", folder) as service, \
                    urllib.request.urlopen(service.url + "/v1beta/models") as answer:
                self.assertEqual(json.load(answer), {"models": []})
            with open(os.path.join(folder, "b.log"), "wb") as file:
                file.write(b">13 {}")
            refused = run("emulate", "--port", "0", "--replay", folder)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("b.log: byte 4: 13 bytes are named, 2 are there", refused.stderr)

    def test_help_of_every_command(self):
        for words in ([], ["serve"], ["ask"], ["models"], ["chat"], ["emulate"], ["generate"], ["mock"]):
            shown = run(*words, "--help")
            self.assertEqual(shown.returncode, 0)
            self.assertNotIn("\x1b", shown.stdout)


if __name__ == "__main__":
    unittest.main()
