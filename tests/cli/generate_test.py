"""`parley generate` as a user runs it: what it writes, what it leaves alone, what it answers."""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PARLEY = os.environ["PARLEY_BIN"]
ROOT = Path(__file__).resolve().parents[2]
GOOD = ROOT / "definitions" / "cartesia.yaml"


def run(*words):
    return subprocess.run([PARLEY, "generate", *map(str, words)], capture_output=True, text=True, check=False)


class Generate(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.out = Path(self.folder.name) / "out"
        self.addCleanup(self.folder.cleanup)

    def files(self):
        return {str(path.relative_to(self.out)): path.read_bytes() for path in self.out.rglob("*") if path.is_file()}

    def test_the_same_input_gives_the_same_bytes_and_touches_nothing_again(self):
        self.assertEqual(run(GOOD, "-o", self.out).returncode, 0)
        first = self.files()
        times = {path: path.stat().st_mtime_ns for path in self.out.rglob("*.hpp")}
        second = run(GOOD, "-o", self.out)
        self.assertIn("(0 changed)", second.stdout)
        self.assertEqual(self.files(), first)
        self.assertEqual(times, {path: path.stat().st_mtime_ns for path in times})
        for wanted in ("types.hpp", "speech.hpp", "rest.hpp", "types.ts", "api.md", "schema.json", "asyncapi.json", "openapi.json"):
            self.assertIn(f"cartesia/{wanted}", first)

    def test_a_bad_definition_touches_no_file_and_names_the_place(self):
        run(GOOD, "-o", self.out)
        before = self.files()
        bad = Path(self.folder.name) / "bad.yaml"
        bad.write_text(GOOD.read_text().replace("data: bytes", "data: byte"))
        done = run(bad, "-o", self.out)
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"bad\.yaml:\d+:\d+: error: there is no type byte; did you mean bytes\? \[E0201\]")
        self.assertEqual(self.files(), before)

    def test_files_that_are_no_longer_made_are_removed_and_foreign_ones_stay(self):
        run(GOOD, "-o", self.out)
        (self.out / "cartesia" / "mine.txt").write_text("mine")
        run(GOOD, "-o", self.out, "--only", "types")
        left = self.files()
        self.assertNotIn("cartesia/speech.hpp", left)
        self.assertIn("cartesia/mine.txt", left)

    def test_dry_run_and_check_write_nothing(self):
        dry = run(GOOD, "-o", self.out, "--dry-run")
        self.assertIn("new     cartesia/types.hpp", dry.stdout)
        self.assertEqual(run("--check", GOOD).returncode, 0)
        self.assertFalse(self.out.exists())

    def test_exit_codes_differ(self):
        self.assertEqual(run(GOOD).returncode, 2)
        self.assertEqual(run("--check", "/no/such/file").returncode, 4)
        blocked = Path(self.folder.name) / "file"
        blocked.write_text("")
        self.assertEqual(run(GOOD, "-o", blocked / "below").returncode, 4)

    def test_typescript_is_valid_and_its_guards_agree(self):
        run(ROOT / "definitions" / "elevenlabs.yaml", "-o", self.out, "--only", "typescript")
        script = self.out / "check.mjs"
        source = (self.out / "elevenlabs" / "types.ts").read_text()
        self.assertIn("export function isStreamTextToSpeechFinalOutput(message: unknown): message is FinalOutputMessage", source)
        node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
        if tuple(int(part) for part in node.strip("v\n").split(".")[:2]) < (22, 6):
            # Types are stripped by hand where Node cannot: the functions are plain JavaScript then.
            import re
            lines = [line for line in source.splitlines() if not line.startswith("export type")]
            text = re.sub(r"export interface \w+ \{.*?\n\}|export interface \w+ \{[^\n]*\}", "", "\n".join(lines), flags=re.S)
            text = re.sub(r"\(value: unknown, path: string\): unknown|\(value: unknown\): string|\(message: unknown\): [^{]+", lambda m: m.group(0).split(":")[0] + (", path)" if "path" in m.group(0) else ")"), text)
            text = text.replace(" as { [name: string]: unknown }", "")
        else:
            text = source
        script.write_text(text + """
const wrong = [];
const same = (value, id) => { if (classifyStreamTextToSpeech(value) !== id) wrong.push(id); };
same({ isFinal: true, audio: null }, "FinalOutput");
same({ isFinal: false, audio: "AA==" }, "AudioOutput");
same({ error: "x", message: "y" }, "Error");
same({ other: 1 }, "");
if (!isConversationPing({ type: "ping", ping_event: { event_id: 1 } })) wrong.push("ping");
if (wrong.length) { console.error(wrong.join()); process.exit(1); }
""")
        done = subprocess.run(["node", str(script)], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr[:2000])


if __name__ == "__main__":
    sys.exit(unittest.main())
