"""parley narrate as people and scripts use it: the examples and the documents, kill -9 and resume, what goes wrong."""
import http.server
import json
import os
import pty
import re
import select
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import unittest
import urllib.request
import wave
from pathlib import Path

PARLEY = os.environ["PARLEY_BIN"]
ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples/narratives"
CLEAN = {name: value for name, value in os.environ.items()
         if name not in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GENAI_MODEL_ID")}
LIMIT = 120  # seconds; nothing here waits for time, a hang is a failure


class Service:
    """The emulator behind a door that can hold back the answer to a call."""

    def __enter__(self):
        self.process = subprocess.Popen([PARLEY, "emulate", "--port", "0"], stdout=subprocess.PIPE, text=True, env=CLEAN)
        behind = next(found.group(0) for line in self.process.stdout
                      if (found := re.search(r"https?://127\.0\.0\.1:\d+", line)))
        self.hold_at(0)
        service = self

        class Door(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.asked += 1
                service.left -= 1
                if service.left == 0:
                    service.held.set()
                    service.free.wait(LIMIT)
                    return
                request = urllib.request.Request(behind + self.path, body, {
                    name: self.headers[name] for name in ("Content-Type", "x-goog-api-key")})
                answer = urllib.request.urlopen(request).read()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.asked = 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        return self

    def hold_at(self, number):
        self.left, self.held, self.free = number, threading.Event(), threading.Event()

    def let_go(self):
        self.free.set()
        self.left = 0

    def __exit__(self, *_):
        self.let_go()
        self.server.shutdown()
        self.server.server_close()
        self.process.terminate()
        self.process.wait(LIMIT)
        self.process.stdout.close()


class Narrate(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name)
        self.state = str(self.path / "state")

    def run_it(self, verb, *words, env=None, stdin=subprocess.DEVNULL, cwd=None):
        more = ["--state-dir", self.state] if verb in ("run", "resume", "plan", "content") else []
        more += ["--offline"] if verb in ("run", "resume", "plan") else []
        return subprocess.run([PARLEY, "narrate", verb, *map(str, words), *more], capture_output=True, text=True,
                              stdin=stdin, timeout=LIMIT, env={**CLEAN, **(env or {})}, cwd=cwd)

    def write(self, name, text):
        file = self.path / name
        file.write_text(text, encoding="utf-8")
        return str(file)

    def lines(self, done):
        return [json.loads(line) for line in done.stdout.splitlines()]

    def record(self, file):
        return [json.loads(line) for line in Path(file).read_text(encoding="utf-8").splitlines()]

    # Other services.

    def test_acts_ask_other_services(self):
        asked = []

        class Foreign(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                asked.append((self.path, body["model"], self.headers["x-api-key"]))
                answer = json.dumps(
                    {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "weak"}],
                     "stop_reason": "end_turn", "usage": {"input_tokens": 3, "output_tokens": 4}}
                    if self.path == "/v1/messages" else
                    {"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "a draft"}}],
                     "usage": {"prompt_tokens": 1000, "completion_tokens": 2000}}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Foreign)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}"
        settings = {"PARLEY_CONFIG": self.write("parley.toml", f"""
[providers.local]
kind = "openai"
base_url = "{url}/v1"
default_tier = "mine"
[providers.local.tiers.mine]
rpd = 1
cost_per_million_input_tokens = 1.0
cost_per_million_output_tokens = 2.0
[multipliers]
rpd = 1.0
[providers.anthropic]
kind = "anthropic"
base_url = "{url}"
""")}
        story = self.write("story.toml", """
[narrative]
history = "none"
budget = { rpd_multiplier = 1.0 }
[acts.draft]
model = "local/llama"
input = "Write"
[acts.judge]
model = "anthropic/claude-x"
input = "Judge {{draft}}"
[acts.more]
input = "repeat: {{judge}}"
[acts.again]
model = "local/llama"
input = "Again, {{more}}"
""")

        def narrate(verb, *words, **more):
            return subprocess.run([PARLEY, "narrate", verb, *words, "--json"], capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, timeout=LIMIT, env={**CLEAN, **settings, **more})

        self.assertEqual(narrate("check", story).returncode, 0)
        plan = json.loads(narrate("plan", story, "--state-dir", self.state).stdout)
        self.assertIn("cost_high", plan["calls"][0])
        # Keys are looked for before anything is asked.
        done = narrate("run", story, "--state-dir", self.state)
        self.assertEqual((done.returncode, asked), (2, []), done.stderr)
        self.assertIn("ANTHROPIC_API_KEY is not set", done.stderr)
        # The limits of parley.toml hold: the second call of its day is refused.
        done = narrate("run", story, "--state-dir", self.state, ANTHROPIC_API_KEY="sk-canary")
        self.assertEqual(done.returncode, 1, done.stderr)
        acts = {line["act"]: line for line in self.lines(done) if line["event"] == "act"}
        self.assertEqual(acts["draft"]["output"], "a draft")
        self.assertAlmostEqual(acts["draft"]["cost"], 0.005)
        self.assertEqual(acts["judge"]["output"], "weak")
        self.assertEqual(acts["more"]["output"], "weak")
        self.assertIn("requests_per_day", acts["again"]["message"])
        self.assertEqual(asked, [("/v1/chat/completions", "llama", None), ("/v1/messages", "claude-x", "sk-canary")])
        self.assertNotIn("sk-canary", done.stdout + done.stderr)
        # What --offline does not ask, and what there is not, is told with its place.
        done = narrate("run", story, "--offline")
        self.assertEqual(done.returncode, 2)
        self.assertIn(":6:9: error: model \"local/llama\" is of service local, which --offline does not ask", done.stderr)
        bad = self.write("bad.toml", '[acts.a]\nmodel = "lokal/llama"\ninput = "x"\n')
        done = narrate("check", bad)
        self.assertEqual(done.returncode, 2)
        told = self.lines(done)[0]
        self.assertEqual((told["line"], told["column"], told["code"]), (2, 9, "model"))
        self.assertIn("did you mean local?", told["message"])

    # Everything that is shown to people works.

    def test_every_example_runs(self):
        database = sqlite3.connect(self.path / "customers.db")
        database.execute("CREATE TABLE customers (name TEXT, complaint TEXT, status TEXT)")
        database.executemany("INSERT INTO customers VALUES (?,?,?)",
                             [("Ada", "too slow", "open"), ("Bob", "fine", "closed"), ("Cy", "a | b", "open")])
        database.commit()
        database.close()
        for file in sorted(EXAMPLES.glob("*.toml")):
            with self.subTest(file.name):
                self.assertEqual(self.run_it("check", file).returncode, 0)
                sound = ["--output-dir", self.path / "sound"]
                words = ["--yes", "--set", "weekday=Monday", "--policy", EXAMPLES / "policies/weather.toml"]
                place = file
                if file.name == "customers.toml":
                    place = self.write(file.name, file.read_text(encoding="utf-8"))
                self.assertEqual(self.run_it("plan", place, *words[1:]).returncode, 0)
                done = self.run_it("run", place, *words, *sound)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                lines = self.lines(done)
                self.assertEqual(lines[0]["event"], "begin")
                self.assertTrue(lines[0]["offline"])
                self.assertEqual(lines[-1]["status"], "done")
                shown = self.run_it("show", lines[-1]["record"], "--prompts")
                self.assertIn("end: done", shown.stdout)
                if file.name == "customers.toml":
                    for said in ("| Ada | too slow |", r"| Cy | a \\| b |", "Sunny in Oslo", "It is Monday."):
                        self.assertIn(said, shown.stdout)
                    self.assertNotIn("Bob", shown.stdout)
                if file.name == "interview.toml":
                    with wave.open(str(self.path / "sound/greeting.wav")) as greeting:
                        self.assertEqual((greeting.getframerate(), greeting.getnchannels()), (24000, 1))
                        self.assertGreater(greeting.getnframes(), 24000)
                if file.name == "posts.toml":
                    items = [json.loads(line) for line in self.run_it("content", "posts").stdout.splitlines()]
                    self.assertEqual([item["status"] for item in items], ["good"] * 3)
                    self.assertEqual(len(self.run_it("content", "posts", "--last", "1").stdout.splitlines()), 1)
                    self.assertEqual(self.run_it("content").stdout, "posts  3 items\n")
                    self.look_at_content(items, lines[0]["run"])

    def test_the_policy_of_retries_is_chosen_when_it_runs(self):
        file = self.write("n.toml", '[acts.a]\ninput = "repeat: hello"\nmodel = "no-such-model"\n[acts.b]\ninput = "repeat: {{a}}"\n')
        failed = self.run_it("run", file)
        self.assertEqual(failed.returncode, 1)
        record = self.lines(failed)[-1]["record"]
        done = self.run_it("resume", record, "--fallback", "a=gemini-2.5-pro,gemini-2.5-flash", "--attempts", "b=2")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        answers = [entry["model"] for entry in self.record(record) if entry["type"] == "answer"]
        self.assertEqual(answers, ["gemini-2.5-pro", "gemini-2.5-flash"])
        for words in (["--attempts", "0"], ["--attempts", "a=21"], ["--attempts", "a=x"]):
            self.assertEqual(self.run_it("run", file, *words).returncode, 2, words)

    def look_at_content(self, items, run):
        """D55: list, show, last, generations."""
        self.assertEqual(self.run_it("content", "list").stdout, "posts  3 items\n")
        self.assertEqual(len(self.run_it("content", "list", "posts", "--status", "good").stdout.splitlines()), 3)
        self.assertEqual(self.run_it("content", "list", "posts", "--status", "bad").stdout, "")
        shown = self.run_it("content", "show", "posts", items[1]["id"][:12]).stdout
        self.assertIn(items[1]["id"] + "  good", shown)
        self.assertIn('"title"', shown)
        self.assertIn(items[2]["id"], self.run_it("content", "last").stdout)
        self.assertIn(items[2]["id"], self.run_it("content", "last", "posts").stdout)
        for words in (["generations"], ["generations", "posts"]):
            made = self.run_it("content", *words).stdout
            self.assertIn(f"posts  posts  run {run}  3 good", made)
        wrong = self.run_it("content", "show", "posts", "none-such")
        self.assertEqual((wrong.returncode, "has no item none-such" in wrong.stderr), (1, True))
        wrong = self.run_it("content", "list", "post")
        self.assertIn("there is no table of content post, did you mean posts?", wrong.stderr)
        self.assertEqual(self.run_it("content", "show", "posts").returncode, 2)

    def test_what_the_page_shows_is_right(self):
        page = (ROOT / "docs/narratives.md").read_text(encoding="utf-8")
        blocks = re.findall(r"^```toml\n(.*?)^```", page, re.S | re.M)
        self.assertGreater(len(blocks), 5)
        settings = self.write("parley.toml", '[providers.local]\nkind = "openai"\nbase_url = "http://127.0.0.1:1/v1"\n')
        for number, block in enumerate(blocks):
            if block.startswith("[commands."):
                policy = self.write(f"policy{number}.toml", block)
                narrative = self.write("one.toml", 'acts.a = "x"\n')
                self.assertEqual(self.run_it("plan", narrative, "--policy", policy).returncode, 0, block)
                continue
            file = self.write(f"page{number}.toml", block)
            checked = self.run_it("check", file, env={"PARLEY_CONFIG": settings})
            self.assertEqual((checked.returncode, "warning" in checked.stdout), (0, False), block + checked.stdout)

    def test_ctrl_c_ends_a_session_that_is_being_opened(self):
        file = self.write("call.toml", '[narrative]\nmodel = "gemini-2.0-flash-live-001"\n[narrative.live]\n[acts]\na = "Hello"\n')
        with socket.create_server(("127.0.0.1", 0)) as silent:
            process = subprocess.Popen([PARLEY, "narrate", "run", file, "--state-dir", self.state], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True,
                                       env={**CLEAN, "GEMINI_API_KEY": "k",
                                            "GOOGLE_GEMINI_BASE_URL": f"http://127.0.0.1:{silent.getsockname()[1]}"})
            self.addCleanup(process.kill)
            with silent.accept()[0]:
                process.send_signal(signal.SIGINT)
                out, errors = process.communicate(timeout=LIMIT)
        self.assertEqual(process.returncode, 130, errors)
        end = json.loads(out.splitlines()[-1])
        self.assertEqual(end["status"], "cancelled")
        # It was not waited for: what ended the attempt is no time limit.
        self.assertNotIn("timeout", out)
        self.assertIn("cancelled", end["error"])

    # Nothing is lost, and nothing is paid for twice.

    NARRATIVE = """
[narrative]
name = "n"
[acts]
one = "repeat: alpha"
two = "repeat: {{one}} beta"
three = { input = "repeat: {{two}} {{iteration}}", loop = { at_most = 3, until = { contains = "2" } }, save = "last" }
four = { input = "repeat: {{three}} end", approval = "Go on?" }
"""

    def start(self, service, *words):
        process = subprocess.Popen([PARLEY, "narrate", *map(str, words), "--state-dir", self.state, "--yes"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env={**CLEAN, "GEMINI_API_KEY": "k", "GOOGLE_GEMINI_BASE_URL": service.url})
        self.addCleanup(process.wait, LIMIT)
        self.addCleanup(process.kill)
        return process

    def kill_at_call(self, service, number, *words):
        """Kills the run (-9) while the service holds back the answer to that call."""
        service.hold_at(number)
        process = self.start(service, *words)
        self.assertTrue(service.held.wait(LIMIT), "it never asked")
        process.send_signal(signal.SIGKILL)
        self.assertEqual(process.wait(LIMIT), -signal.SIGKILL)
        service.let_go()

    def test_kill_9_in_each_act_and_resume(self):
        file = self.write("n.toml", self.NARRATIVE)
        whole = self.lines(self.run_it("run", file, "--yes"))[-1]
        with Service() as service:
            for call in range(1, 6):
                with self.subTest(call):
                    record = self.path / f"{call}.jsonl"
                    self.kill_at_call(service, call, "run", file, "--save", record, "--tier", "none")
                    before = self.record(record)
                    self.assertEqual(sum(entry["type"] == "answer" for entry in before), call - 1)
                    self.assertEqual(before[-1]["type"], "call")
                    asked = service.asked
                    done = self.run_it("resume", record, "--yes")
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                    self.assertEqual(service.asked, asked, "it asked the offline model")
                    lines = self.lines(done)
                    self.assertEqual(lines[-1]["output"], "alpha beta 2 end")
                    self.assertEqual(lines[-1]["input_tokens"], whole["input_tokens"], "what was paid before counts")
                    entries = self.record(record)
                    self.assertEqual(entries[:len(before)], before, "what was written stays")
                    answers = [(entry["act"], entry["key"]) for entry in entries if entry["type"] == "answer"]
                    self.assertEqual((len(answers), len(set(answers))), (5, 5), "no answer was paid for twice")
                    self.assertEqual(sum(entry["type"] == "call" for entry in entries), 6,
                                     "only the call that was under way is made again")

    def test_kill_9_again_and_again(self):
        file = self.write("n.toml", self.NARRATIVE)
        record = self.path / "r.jsonl"
        with Service() as service:
            self.kill_at_call(service, 1, "run", file, "--save", record, "--tier", "none")
            for _ in range(4):
                self.kill_at_call(service, 2, "resume", record, "--tier", "none")
            done = self.start(service, "resume", record, "--tier", "none")
            self.assertEqual(done.wait(LIMIT), 0)
            self.assertEqual(service.asked, 1 + 4 * 2 + 1)
        self.assertEqual(self.run_it("resume", record, "--yes").returncode, 0, "and once more, for nothing")
        self.assertEqual(sum(entry["type"] == "answer" for entry in self.record(record)), 5)

    def test_ctrl_c_ends_the_call_and_says_how_it_goes_on(self):
        file = self.write("n.toml", self.NARRATIVE)
        record = self.path / "r.jsonl"
        with Service() as service:
            service.hold_at(2)
            process = subprocess.Popen([PARLEY, "narrate", "run", file, "--save", record, "--state-dir", self.state],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                       env={**CLEAN, "GEMINI_API_KEY": "k", "GOOGLE_GEMINI_BASE_URL": service.url})
            self.assertTrue(service.held.wait(LIMIT))
            process.send_signal(signal.SIGINT)
            out, told = process.communicate(timeout=LIMIT)
            service.let_go()
        self.assertEqual(process.returncode, 130)
        self.assertIn(f"parley narrate resume {record}", told)
        self.assertEqual(json.loads(out.splitlines()[-1])["status"], "cancelled")
        self.assertEqual(self.run_it("resume", record, "--yes").returncode, 0)

    def test_a_real_service_is_asked_with_its_limits_and_no_key_is_written(self):
        file = self.write("n.toml", "[acts]\na = \"repeat: x\"\n")
        record = str(self.path / "r.jsonl")
        with Service() as service:
            env = {**CLEAN, "GEMINI_API_KEY": "k-canary", "GOOGLE_GEMINI_BASE_URL": service.url}
            done = subprocess.run([PARLEY, "narrate", "run", file, "--save", record, "--state-dir", self.state],
                                  capture_output=True, text=True, timeout=LIMIT, env=env)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse(self.lines(done)[0]["offline"])
        everything = done.stdout + done.stderr + Path(record).read_text(encoding="utf-8")
        self.assertNotIn("canary", everything)
        self.assertTrue((Path(self.state) / "limits").exists(), "the tier's counts are shared by a file")

    def test_a_pause_waits_for_a_person(self):
        file = self.write("n.toml", self.NARRATIVE)
        record = str(self.path / "r.jsonl")
        paused = self.run_it("run", file, "--save", record)
        self.assertEqual(paused.returncode, 4)
        self.assertIn("act four waits for approval: Go on?", paused.stderr)
        self.assertIn("parley narrate resume " + record, paused.stderr)
        self.assertEqual(self.run_it("resume", record).returncode, 4)
        done = self.run_it("resume", record, "--yes")
        self.assertEqual(self.lines(done)[-1]["status"], "done")

    def test_a_changed_file_keeps_the_answers_to_the_same_prompts(self):
        file = self.write("n.toml", self.NARRATIVE)
        record = str(self.path / "r.jsonl")
        self.run_it("run", file, "--save", record)
        self.write("n.toml", self.NARRATIVE.replace("end\"", "END\""))
        done = self.run_it("resume", record, "--yes")
        self.assertIn("has changed", done.stderr)
        self.assertEqual(self.lines(done)[-1]["output"], "alpha beta 2 END")
        self.assertEqual(sum(entry["type"] == "answer" for entry in self.record(record)), 5)

    def test_golden_runs_find_what_changed(self):
        file = self.write("n.toml", self.NARRATIVE)
        record = str(self.path / "golden.jsonl")
        self.run_it("run", file, "--yes", "--save", record)
        same = self.run_it("run", file, "--golden", record, "--yes")
        self.assertEqual(same.returncode, 0, same.stderr)
        self.write("n.toml", self.NARRATIVE.replace("beta", "gamma"))
        other = self.run_it("run", file, "--golden", record, "--yes")
        self.assertEqual(other.returncode, 1)
        self.assertIn("golden: act two: a recorded answer was not asked for", other.stderr)

    def test_the_cache_answers_the_same_prompt(self):
        file = self.write("n.toml", "[acts]\na = \"repeat: x\"\n")
        first = self.lines(self.run_it("run", file, "--cache"))
        second = self.lines(self.run_it("run", file, "--cache"))
        self.assertGreater(first[-1]["output_tokens"], 0)
        self.assertEqual((second[-1]["output_tokens"], second[-1]["output"]), (0, "x"))

    # What goes wrong is told so that somebody can act on it.

    def test_mistakes_of_the_file(self):
        for text, told in (
                ('[narrative]\nhistory = "none"\n[acts]\na = "{{b}}"\nb = "{{a}}"\n',
                 "n.toml:4:5: error: acts wait for each other: a -> b -> a"),
                ('toc = ["draft", "polsh"]\n[acts]\ndraft = "x"\npolish = "y"\n',
                 "n.toml:1:17: error: toc: there is no act polsh, did you mean polish? [missing_act]"),
                ('acts.a = "x {{b"\n', 'n.toml:1:13: error: "{{" has no "}}" on its line'),
                ('acts.a = "x"\nacts.b = "{{c}}"\n',
                 "n.toml:2:11: error: act b: {{c}} names no act of narrative n"),
                ('acts.a = "x"\n[narrativ]\n', 'unknown key "narrativ", did you mean narrative?')):
            file = self.write("n.toml", text)
            checked = self.run_it("check", "n.toml", cwd=self.path)
            self.assertEqual(checked.returncode, 2)
            self.assertIn(told, checked.stdout)
            ran = self.run_it("run", file)
            self.assertEqual((ran.returncode, ran.stdout), (2, ""), "nothing begins")
            as_json = [json.loads(line) for line in self.run_it("check", file, "--json").stdout.splitlines()]
            self.assertTrue(all(one["line"] > 0 and one["code"] for one in as_json))

    def test_a_spent_budget(self):
        file = self.write("n.toml", '[acts]\na = "repeat: x"\nb = "repeat: y"\n')
        record = str(self.path / "r.jsonl")
        ran = self.run_it("run", file, "--budget-tokens", "1005", "--save", record)
        self.assertEqual(ran.returncode, 1)
        self.assertRegex(ran.stderr, r"the budget of the run is spent: \d+ of 1005 tokens are used or reserved, and the "
                                     r"next call may need \d+; nothing was asked")
        self.assertEqual(self.lines(ran)[-1]["code"], "budget_exhausted")
        self.assertEqual(self.run_it("resume", record, "--budget-tokens", "9000").returncode, 0)
        answers = [entry["act"] for entry in self.record(record) if entry["type"] == "answer"]
        self.assertEqual(answers, ["a", "b"])

    def test_wrong_words(self):
        file = self.write("n.toml", "[narratives.a.acts]\nx = \"y\"\n[narratives.b.acts]\nx = \"y\"\n")
        for words, told in ((["run", file], "choose one with --narrative: a, b"),
                            (["run", file, "--narrative", "c"], "there is no narrative c"),
                            (["run", file, "--narrative", "a", "--rpm-multiplier", "2"], "at most 1"),
                            (["run", file, "--narrative", "a", "--budget-time", "soon"], "30s, 5m or 2h"),
                            (["run", file, "--narrative", "a", "--set", "x"], "key=value"),
                            (["run", file, "--narrative", "a", "--tier", "gold"], 'no tier "gold"'),
                            (["run", str(self.path / "none.toml")], "none.toml"),
                            (["plan"], "file is required")):
            ran = self.run_it(*words)
            self.assertEqual(ran.returncode, 2, words)
            self.assertIn(told, ran.stderr, words)
        self.assertEqual(subprocess.run([PARLEY, "narrate"], capture_output=True).returncode, 2)
        help_text = subprocess.run([PARLEY, "narrate", "--help"], capture_output=True, text=True).stdout
        self.assertIn("Exit codes: 0 done, 1 an act failed", help_text)
        broken = self.write("broken.jsonl", '{"type":"begin","version":9}\n')
        self.assertIn("version 9", self.run_it("resume", broken).stderr)

    def test_a_plan_asks_nobody(self):
        file = self.write("n.toml", self.NARRATIVE)
        told = json.loads(self.run_it("plan", file, "--json").stdout)
        self.assertEqual(told["steps"], [["one"], ["two"], ["three"], ["four"]])
        self.assertEqual([call["calls_high"] for call in told["calls"]], [1, 1, 3, 1])
        self.assertLess(told["cost_low"], told["cost_high"])
        self.assertIn("<answer of act one>", json.dumps(told["calls"][1]["request"]))
        words = self.run_it("plan", self.write("m.toml", 'acts.a = "in ${state:city}"\n'), "--set", "city=Oslo", "--prompts")
        self.assertIn("in Oslo", words.stdout)
        many = self.write("many.toml", '[acts.a]\ninput = "x"\ncarousel = { iterations = 30 }\n')
        self.assertRegex(self.run_it("plan", many, "--tier", "free").stdout, r"at most [2-9] min \d\d s of waiting")
        self.assertFalse(Path(self.state).exists(), "nothing is written")

    def on_a_terminal(self, *words, keys=()):
        """What a command shows there. Each key is pressed once its text is seen: (text, key)."""
        master, slave = pty.openpty()
        process = subprocess.Popen([PARLEY, "narrate", *words], stdin=slave, stdout=slave, stderr=slave,
                                   env={**CLEAN, "TERM": "xterm"})
        os.close(slave)
        shown, keys, seen = b"", list(keys), 0
        while True:
            if not select.select([master], [], [], LIMIT)[0]:
                self.fail("it hangs")
            try:
                block = os.read(master, 65536)
            except OSError:
                break
            if not block:
                break
            shown += block
            while keys and (at := shown.find(keys[0][0].encode(), seen)) >= 0:
                seen = len(shown)
                os.write(master, keys.pop(0)[1].encode())
        os.close(master)
        self.assertEqual(process.wait(LIMIT), 0)
        self.assertEqual(keys, [], shown.decode())
        return shown.decode()

    def test_content_is_looked_through_on_a_terminal(self):
        file = self.write("n.toml", '[narrative]\nname = "n"\ntarget = "posts"\n[acts]\na = \'repeat: [{"t": 1}, {"t": 2}]\'\n')
        self.assertEqual(self.run_it("run", file).returncode, 0)
        shown = self.on_a_terminal("tui", "--state-dir", self.state, keys=[
            ("> posts  2 items", "\r"), ("q quit", "a"), ("is accepted", "r"), ("is rejected", "q")])
        self.assertTrue(shown.endswith("\x1b[?25h\x1b[?1049l"), "the terminal is as it was")
        items = [json.loads(line)["status"] for line in self.run_it("content", "posts").stdout.splitlines()]
        self.assertEqual(items, ["accepted", "rejected"])
        refused = subprocess.run([PARLEY, "narrate", "tui", "--state-dir", self.state], capture_output=True, text=True,
                                 stdin=subprocess.DEVNULL, timeout=LIMIT, check=False)
        self.assertEqual((refused.returncode, "tui needs a terminal" in refused.stderr), (2, True))

    def test_a_terminal_shows_the_acts_in_place(self):
        file = self.write("n.toml", '[acts]\nfirst = "repeat: x"\nsecond = "repeat: the end"\n')
        text = self.on_a_terminal("run", file, "--offline", "--state-dir", self.state)
        self.assertIn("\x1b[2A\x1b[J", text, "redrawn over two lines")
        last = text.rsplit("\x1b[J", 1)[1]
        self.assertRegex(last, r"✔.* first +done +\d+ tokens")
        self.assertIn("the end", last)
        self.assertNotIn('"event"', text)


if __name__ == "__main__":
    unittest.main()
