"""parley config, and what parley.toml does to the other commands."""
import http.server
import json
import os
import re
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

PARLEY = os.environ["PARLEY_BIN"]
CLEAN = {name: value for name, value in os.environ.items()
         if not name.startswith(("GEMINI_", "GOOGLE_", "GENAI_", "PARLEY_C", "PARLEY_S", "XDG_"))}


class Config(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.home = Path(self.folder.name) / "home"
        self.project = Path(self.folder.name) / "project"
        (self.home / ".config/parley").mkdir(parents=True)
        self.project.mkdir()

    def write(self, text, user=False):
        path = self.home / ".config/parley/parley.toml" if user else self.project / "parley.toml"
        path.write_text(text, encoding="utf-8")

    def run_parley(self, *words, env=None, stdin=""):
        return subprocess.run([PARLEY, *words], capture_output=True, text=True, timeout=120, cwd=self.project,
                              input=stdin, env={**CLEAN, "HOME": str(self.home), **(env or {})})

    def test_each_value_says_where_it_comes_from(self):
        self.write('model = "from-home"\nmax_wait = "30s"\n', user=True)
        self.write('model = "from-project"\n')
        shown = self.run_parley("config", env={"GEMINI_TIER": "tier1"})
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn('model = "from-project"  # parley.toml:1:1 (project\'s file)\n', shown.stdout)
        self.assertIn('max_wait = "30s"  # ' + str(self.home) + "/.config/parley/parley.toml:2:1", shown.stdout)
        self.assertIn('providers.gemini.default_tier = "tier1"  # GEMINI_TIER (environment)\n', shown.stdout)
        self.assertIn("multipliers.rpm = 0.8  # built in\n", shown.stdout)
        lines = self.run_parley("config", "--json", "model", env={"GENAI_MODEL_ID": "m"}).stdout.splitlines()
        self.assertEqual(json.loads(lines[0]), {"key": "model", "value": '"m"', "source": "environment",
                                                "where": "GENAI_MODEL_ID"})

    def test_mistakes_are_told_with_their_place_and_the_nearest_name(self):
        self.write('modle = "x"\n')
        shown = self.run_parley("config")
        self.assertEqual((shown.returncode, shown.stdout), (2, ""))
        self.assertIn('parley.toml:1:1: error: unknown key "modle", did you mean model?', shown.stderr)
        asked = self.run_parley("ask", "--offline", "--pace", "0", "repeat: goes on")
        self.assertEqual(asked.stdout, "goes on\n")
        self.assertIn("parley.toml:1:1", asked.stderr)

    def test_limits_of_a_model_are_its_tiers_times_the_multipliers(self):
        self.write('[providers.gemini.tiers.mine]\nrpm = 100\n[providers.gemini]\ndefault_tier = "mine"\n')
        shown = self.run_parley("config", "--limits", "gemini-2.5-flash")
        self.assertRegex(shown.stdout, r"requests per minute +80\n")
        self.assertRegex(shown.stdout, r"requests per day +no limit\n")
        shown = self.run_parley("config", "--limits", "gemini-2.5-flash", "--set", "multipliers.rpm=1")
        self.assertRegex(shown.stdout, r"requests per minute +100\n")
        self.assertEqual(self.run_parley("config", "--set", "multipliers.rpm=2").returncode, 2)

    def test_a_file_may_be_named_or_none_be_read(self):
        self.write('model = "from-project"\n')
        other = self.project / "other.toml"
        other.write_text('model = "other"\n')
        self.assertIn('"other"', self.run_parley("config", "model", env={"PARLEY_CONFIG": str(other)}).stdout)
        self.assertIn("built in", self.run_parley("config", "model", env={"PARLEY_CONFIG": "none"}).stdout)
        missing = self.run_parley("config", env={"PARLEY_CONFIG": "absent.toml"})
        self.assertEqual(missing.returncode, 2)
        self.assertIn("absent.toml: error: the file cannot be read", missing.stderr)

    def test_every_key_is_listed(self):
        shown = self.run_parley("config", "--keys").stdout
        self.assertIn("providers.*.tiers.*.models.*.rpm", shown)
        self.assertEqual(self.run_parley("config", "nothing.here").returncode, 1)

    def test_the_providers_address_and_key_are_used_and_the_environment_wins(self):
        emulator = subprocess.Popen([PARLEY, "emulate", "--port", "0", "--pace", "0", "--bad-key", "wrong"],
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=CLEAN)
        self.addCleanup(emulator.stdout.close)
        self.addCleanup(emulator.wait, 60)
        self.addCleanup(emulator.terminate)
        url = next(found.group(0) for line in emulator.stdout
                   if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
        self.write(f'[providers.gemini]\nbase_url = "{url}"\napi_key_env = "MY_KEY"\n')
        asked = self.run_parley("ask", "repeat: from there", env={"MY_KEY": "any"})
        self.assertEqual((asked.returncode, asked.stdout, asked.stderr), (0, "from there\n", ""))
        refused = self.run_parley("ask", "x", env={"MY_KEY": "wrong"})
        self.assertEqual(refused.returncode, 1)
        self.assertIn("API key not valid", refused.stderr)
        elsewhere = self.run_parley("ask", "x", env={"MY_KEY": "any", "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:1"})
        self.assertIn("127.0.0.1:1", elsewhere.stderr)

    def test_narratives_keep_the_budget_of_the_day_in_the_shared_file(self):
        (self.project / "one.toml").write_text(
            '[narrative]\nname = "one"\ndescription = "x"\n[toc]\norder = ["a"]\n[acts]\na = "repeat: hello"\n')
        self.write('state_file = "counts"\n[budget]\nusd_per_day = 0.0000001\n')
        ran = self.run_parley("narrate", "run", "one.toml", "--offline", "--tier", "tier1", "--state-dir", "st")
        self.assertNotEqual(ran.returncode, 0)
        self.assertIn("money_per_day", ran.stdout + ran.stderr)
        self.assertTrue((self.project / "counts").exists())
        self.write('[budget]\nusd_per_day = 5\n')
        ran = self.run_parley("narrate", "run", "one.toml", "--offline", "--tier", "tier1", "--state-dir", "st")
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_ask_speaks_to_another_service_by_its_name(self):
        seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                seen.append((self.path, self.headers.get("Authorization"),
                             json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                for piece in ("Gr", "üße"):
                    event = {"choices": [{"index": 0, "delta": {"content": piece}}]}
                    self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
                self.wfile.write(b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.write('[providers.local]\nkind = "openai"\napi_key_env = "LOCAL_KEY"\n'
                   f'base_url = "http://127.0.0.1:{server.server_port}/v1"\n')
        asked = self.run_parley("ask", "-m", "local/llama3.2", "Hello", env={"LOCAL_KEY": "sk-canary"})
        self.assertEqual((asked.returncode, asked.stdout), (0, "Grüße\n"), asked.stderr)
        path, key, body = seen[0]
        self.assertEqual((path, key), ("/v1/chat/completions", "Bearer sk-canary"))
        self.assertEqual(body["model"], "llama3.2")
        self.assertEqual(body["messages"], [{"role": "user", "content": "Hello"}])
        with open(self.project / "parley.toml", "a", encoding="utf-8") as file:
            file.write('default_model = "llama3.3"\n')
        text = (self.project / "parley.toml").read_text(encoding="utf-8")
        self.write('provider = "local"\n' + text)
        asked = self.run_parley("ask", "Hello", env={"LOCAL_KEY": "sk-canary"})
        self.assertEqual((asked.returncode, asked.stdout), (0, "Grüße\n"), asked.stderr)
        self.assertEqual(seen[1][2]["model"], "llama3.3")
        unset = self.run_parley("ask", "-m", "local/llama3.2", "Hello")
        self.assertEqual(unset.returncode, 2)
        self.assertIn("LOCAL_KEY is not set", unset.stderr)

    def test_ask_speaks_to_anthropic(self):
        seen = []
        events = [
            {"type": "message_start", "message": {"id": "msg_1", "model": "claude-x",
                                                  "usage": {"input_tokens": 3, "output_tokens": 1}}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "ping"},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Gr"}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "üße"}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
            {"type": "message_stop"}]

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                seen.append((self.path, self.headers.get("x-api-key"), self.headers.get("anthropic-version"),
                             json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                for event in events:
                    self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}"
        env = {"ANTHROPIC_API_KEY": "sk-canary", "ANTHROPIC_BASE_URL": url}
        for model in ("anthropic/claude-x", "claude-x"):
            asked = self.run_parley("ask", "-m", model, "Hello", env=env)
            self.assertEqual((asked.returncode, asked.stdout), (0, "Grüße\n"), asked.stderr)
            path, key, version, body = seen[-1]
            self.assertEqual((path, key, version), ("/v1/messages", "sk-canary", "2023-06-01"))
            self.assertEqual(body["model"], "claude-x")
            self.assertEqual(body["messages"], [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}])
        unset = self.run_parley("ask", "-m", "anthropic/claude-x", "Hello")
        self.assertEqual(unset.returncode, 2)
        self.assertIn("ANTHROPIC_API_KEY is not set", unset.stderr)
        # From parley.toml, under a name of one's own; the environment's address is not for its key.
        self.write(f'provider = "gate"\n[providers.gate]\nkind = "anthropic"\nbase_url = "{url}"\n'
                   'api_key_env = "GATE_KEY"\ndefault_model = "claude-y"\n')
        asked = self.run_parley("ask", "Hello", env={"GATE_KEY": "sk-gate", "ANTHROPIC_BASE_URL": "http://127.0.0.1:1"})
        self.assertEqual((asked.returncode, asked.stdout), (0, "Grüße\n"), asked.stderr)
        self.assertEqual((seen[-1][1], seen[-1][3]["model"]), ("sk-gate", "claude-y"))


if __name__ == "__main__":
    unittest.main()
