"""parley bots: make, look through and post; kill -9 posts nothing twice."""
import http.server
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from narrate_test import CLEAN, LIMIT, PARLEY, ROOT, Service

JUDGE = """
[acts.verdict]
input = 'repeat: {"accept": ${state:item}, "reason": "as it says"}'
"""
POSTS = """
[narrative]
name = "posts"
target = "posts"
[acts.one]
input = "repeat: [1, 2]"
[acts.two]
input = "repeat: [true, false, true]"
"""


class Bots(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name)

    def write(self, name, text, mode=0o644):
        file = self.path / name
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)
        return str(file)

    def command(self, verb, *words):
        more = [] if verb == "check" else ["--state-dir", str(self.path / "state")]
        more += ["--tier", "none"] if verb == "run" else []
        return [PARLEY, "bots", verb, *map(str, words), *more]

    def run_it(self, verb, *words, env=None):
        return subprocess.run(self.command(verb, *words), capture_output=True, text=True, timeout=LIMIT, cwd=self.path,
                              env={**CLEAN, **(env or {})}, check=False)

    def events(self, text):
        return [(one["bot"], one["event"]) for line in text.splitlines() if (one := json.loads(line))]

    def items(self, statuses):
        """Items 1, 2 … with these statuses."""
        (self.path / "state").mkdir()
        book = sqlite3.connect(self.path / "state/content.db")
        book.execute("CREATE TABLE posts (id TEXT PRIMARY KEY, at TEXT, narrative TEXT, act TEXT, model TEXT, status TEXT, "
                     "mistakes TEXT, item TEXT, source TEXT)")  # as it was before items had a run and a note
        book.executemany("INSERT INTO posts VALUES (?, '', '', '', '', ?, '[]', ?, '')",
                         [(f"item-{i}", status, str(i)) for i, status in enumerate(statuses, 1)])
        book.commit()
        book.close()

    def statuses(self):
        book = sqlite3.connect(self.path / "state/content.db")
        rows = [row[0] for row in book.execute("SELECT status FROM posts ORDER BY rowid")]
        book.close()
        return rows

    def test_from_making_to_posting(self):
        self.write("posts.toml", POSTS)
        self.write("judge.toml", JUDGE)
        self.write("post", f"#!/bin/sh\n(cat; echo \" $PARLEY_ITEM_ID $PARLEY_TABLE\") >> {self.path}/posted\n", 0o755)
        bots = self.write("bots.toml", f"""
[generation.make]
narrative = "posts.toml"
every = "1h"
[curation.choose]
table = "posts"
narrative = "judge.toml"
every = "1h"
batch = 10
[posting.show]
table = "posts"
every = "1h"
batch = 10
run = ["{self.path}/post"]
""")
        self.assertIn("no mistakes (3 bots)", self.run_it("check", bots).stdout)
        done = self.run_it("run", bots, "--once", "--offline")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.events(done.stdout), [
            ("make", "begin"), ("make", "done"), ("choose", "begin"), ("choose", "accepted"), ("choose", "rejected"),
            ("choose", "accepted"), ("choose", "done"), ("show", "begin"), ("show", "posted"), ("show", "posted"),
            ("show", "done")])
        self.assertEqual(self.statuses(), ["posted", "rejected", "posted"])
        posted = (self.path / "posted").read_text(encoding="utf-8").splitlines()
        self.assertEqual([line.split()[0] for line in posted], ["true", "true"])
        self.assertEqual([line.split()[2] for line in posted], ["posts", "posts"])
        again = self.run_it("run", bots, "--once", "--offline")
        self.assertEqual((again.returncode, again.stdout), (0, ""), "nothing is due")

    def test_kill_9_in_the_middle_of_a_posting(self):
        self.items(["accepted", "accepted", "accepted"])
        os.mkfifo(self.path / "begun")
        os.mkfifo(self.path / "go")
        self.write("post", f"""#!/bin/sh
item=$(cat)
echo $item >> {self.path}/posted
if [ $item = 2 ]; then echo 2 > {self.path}/begun; cat {self.path}/go > /dev/null; fi
""", 0o755)
        bots = self.write("bots.toml", f'[posting.show]\ntable = "posts"\nevery = "1s"\nrun = ["{self.path}/post"]\n')
        first = subprocess.Popen(self.command("run", bots), stdout=subprocess.DEVNULL, cwd=self.path, env=CLEAN)
        self.addCleanup(first.wait, LIMIT)
        self.addCleanup(first.kill)
        with open(self.path / "begun", encoding="utf-8") as begun:
            self.assertEqual(begun.read(), "2\n")
        first.send_signal(signal.SIGKILL)
        first.wait(LIMIT)
        with open(self.path / "go", "w", encoding="utf-8") as go:
            go.write("\n")
        self.assertEqual(self.statuses(), ["posted", "posting", "accepted"])
        second = subprocess.Popen(self.command("run", bots), stdout=subprocess.PIPE, text=True, cwd=self.path, env=CLEAN)
        seen = []
        for line in second.stdout:
            seen.append(json.loads(line))
            if (seen[-1]["event"], seen[-1].get("item")) == ("posted", "item-3"):
                break
        second.send_signal(signal.SIGINT)
        second.communicate(timeout=LIMIT)
        self.assertEqual(second.returncode, 0)
        self.assertEqual((seen[0]["event"], seen[0]["item"]), ("unsettled", "item-2"))
        self.assertIn("parley bots settle posts item-2 posted", seen[0]["message"])
        self.assertEqual((self.path / "posted").read_text(encoding="utf-8"), "1\n2\n3\n", "each once")
        self.assertEqual(self.statuses(), ["posted", "posting", "posted"])
        self.assertEqual(self.run_it("settle", "posts", "item-2", "posted").returncode, 0)
        self.assertEqual(self.statuses(), ["posted"] * 3)
        self.assertEqual(self.run_it("settle", "posts", "item-2", "good").returncode, 2)
        self.assertEqual(self.run_it("settle", "posts", "item-9", "posted").returncode, 1)

    def test_programs_that_refuse_or_fail(self):
        self.items(["accepted", "accepted"])
        self.write("post", "#!/bin/sh\n[ $(cat) = 1 ] || exit 75\necho no >&2; exit 3\n", 0o755)
        bots = self.write("bots.toml",
                          f'[posting.show]\ntable = "posts"\nevery = "1h"\nbatch = 5\nrun = ["{self.path}/post"]\n')
        done = self.run_it("run", bots, "--once")
        self.assertEqual([event for _, event in self.events(done.stdout)], ["begin", "failed", "postponed", "done"])
        self.assertIn("failed with exit code 3: no", done.stdout)
        self.assertEqual(self.statuses(), ["failed", "accepted"])

    def test_an_address_is_posted_to(self):
        self.items(["accepted", "accepted", "accepted"])
        asked, answers = [], [200, 503, 400, 400]

        class Door(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                asked.append((body, self.headers["Idempotency-Key"], self.headers["Authorization"], self.path))
                self.send_response(answers[len(asked) - 1])
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        bots = self.write("bots.toml", f"""
[posting.web]
table = "posts"
every = "1h"
batch = 2
url = "http://127.0.0.1:{server.server_port}/post?a=b"
headers_env = {{ Authorization = "WEB_TOKEN" }}
""")
        done = self.run_it("run", bots, "--once")
        self.assertIn("the variable WEB_TOKEN of the header Authorization is not set", done.stdout)
        self.assertEqual(asked, [])
        shutil.rmtree(self.path / "state/state")  # due again
        done = self.run_it("run", bots, "--once", env={"WEB_TOKEN": "Bearer s3cr3t"})
        self.assertNotIn("s3cr3t", done.stdout + done.stderr)
        self.assertEqual(asked[0], (b"1", "item-1", "Bearer s3cr3t", "/post?a=b"))
        self.assertEqual(self.statuses(), ["posted", "accepted", "accepted"], "503: later")
        shutil.rmtree(self.path / "state/state")
        self.run_it("run", bots, "--once", env={"WEB_TOKEN": "x"})
        self.assertEqual(asked[2][1], "item-2")
        self.assertEqual(self.statuses()[1], "failed", "400: never again")

    def test_a_generation_that_was_killed_goes_on(self):
        self.write("posts.toml", POSTS)
        bots = self.write("bots.toml", '[generation.make]\nnarrative = "posts.toml"\nevery = "1s"\n')
        with Service() as service:
            env = {**CLEAN, "GEMINI_API_KEY": "k", "GOOGLE_GEMINI_BASE_URL": service.url}
            service.hold_at(2)
            first = subprocess.Popen(self.command("run", bots), stdout=subprocess.DEVNULL, cwd=self.path, env=env)
            self.addCleanup(first.wait, LIMIT)
            self.addCleanup(first.kill)
            self.assertTrue(service.held.wait(LIMIT))
            first.send_signal(signal.SIGKILL)
            first.wait(LIMIT)
            service.let_go()
            asked = service.asked
            shutil.rmtree(self.path / "state/cache", ignore_errors=True)
            second = subprocess.Popen(self.command("run", bots), stdout=subprocess.PIPE, text=True, cwd=self.path, env=env)
            for line in second.stdout:
                if json.loads(line)["event"] == "done":
                    break
            second.send_signal(signal.SIGINT)
            second.communicate(timeout=LIMIT)
            self.assertEqual(service.asked - asked, 1, "the first act is paid for")
        self.assertEqual(self.statuses(), ["good"] * 3)

    def test_the_example_and_mistakes(self):
        self.assertEqual(self.run_it("check", ROOT / "examples/bots/posts.toml").returncode, 0)
        wrong = self.run_it("check", self.write("b.toml", '[posting.a]\ntable = "t"\nevery = "1h"\n'))
        self.assertEqual((wrong.returncode, "b.toml:1:1: error: posting a: exactly one of" in wrong.stderr), (2, True))
        wrong = self.run_it("run", ROOT / "examples/bots/posts.toml", "--only", "mke", "--once")
        self.assertEqual((wrong.returncode, "there is no bot mke, did you mean make?" in wrong.stderr), (2, True))


if __name__ == "__main__":
    unittest.main()
