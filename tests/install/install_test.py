"""Installs the build to a folder of its own, and builds and runs a foreign project against it."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
FIRST_PROGRAM = os.path.join(ROOT, "docs", "first-program.md")
# What the module gemini and those below it do not link.
NOT_OF_GEMINI = ["SQLite3", "yaml-cpp", "tomlplusplus", "prometheus-cpp", "CLI11"]


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def without(packages):
    return [f"-DCMAKE_DISABLE_FIND_PACKAGE_{name}=ON" for name in packages]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Started:
    """A server of the installed program, and the address that it prints."""
    def __init__(self, prefix, *words):
        self.process = subprocess.Popen([os.path.join(prefix, "bin", "parley"), *words], stdout=subprocess.PIPE,
                                        text=True)

    def __enter__(self):
        return re.search(r"\w+://127\.0\.0\.1:\d+", self.process.stdout.readline()).group(0)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)
        self.process.stdout.close()


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.prefix = os.path.join(cls.folder.name, "prefix")
        run("cmake", "--install", os.environ["BUILD"], "--prefix", cls.prefix)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def configure(self, source, *settings):
        folder = os.path.join(self.folder.name, "build_" + os.path.basename(source))
        said = run("cmake", "-G", "Ninja", "-S", source, "-B", folder, f"-DCMAKE_PREFIX_PATH={self.prefix}",
                   f"-DCMAKE_CXX_COMPILER={os.environ['CXX']}", *settings)
        return folder, said

    def build(self, source, *settings, targets=()):
        folder, _ = self.configure(source, *settings)
        run("cmake", "--build", folder, *(("--target", *targets) if targets else ()))
        return folder

    def project(self, name, files):
        folder = os.path.join(self.folder.name, name)
        os.mkdir(folder)
        for file_name, text in files.items():
            with open(os.path.join(folder, file_name), "w", encoding="utf-8") as file:
                file.write(text)
        return folder

    def asking_for(self, name, components):
        return self.project(name, {"CMakeLists.txt": f"""cmake_minimum_required(VERSION 3.25)
project({name} LANGUAGES CXX)
find_package(parley {components})
message(STATUS "found ${{parley_FOUND}}: ${{parley_audio_FOUND}} ${{parley_store_FOUND}}")
"""})

    def test_a_foreign_project_generates_builds_and_talks(self):
        build = self.build(HERE, *without(NOT_OF_GEMINI))
        with Started(self.prefix, "mock", os.path.join(HERE, "weather.yaml"), "--port", "0") as url:
            self.assertEqual(run(os.path.join(build, "station"), url), "roof 21.5 null\n")

    def test_the_first_program_of_the_documents(self):
        page = read(FIRST_PROGRAM)
        files = dict(re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", page, re.M | re.S))
        self.assertEqual(sorted(files), ["CMakeLists.txt", "assistant.cpp"])
        source = self.project("assistant", files)
        build = self.build(source, *without(NOT_OF_GEMINI))
        said = re.search(r"^Type `(.*?)`", page, re.M).group(1)
        with Started(self.prefix, "emulate", "--port", "0", "--pace", "0") as url:
            heard = run(os.path.join(build, "assistant"), input=said + "\nrepeat: good night\n",
                        env={**os.environ, "GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "any"})
        self.assertRegex(heard, r"\[the lamp in the .+ is (on|off)\]")
        self.assertIn("You: good night\n", heard)

    def test_the_program_of_the_readme_and_its_failures(self):
        program = re.search(r"^## From C\+\+\n\n```cpp\n(.*?)^```$", read(os.path.join(ROOT, "README.md")), re.M | re.S)
        listing = dict(re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", read(FIRST_PROGRAM), re.M | re.S))["CMakeLists.txt"]
        build = self.build(self.project("readme", {"CMakeLists.txt": listing, "assistant.cpp": program.group(1)}),
                           *without(NOT_OF_GEMINI))

        def asked(**env):
            clean = {name: value for name, value in os.environ.items() if not re.match("GOOGLE_|GEMINI_", name)}
            return subprocess.run([os.path.join(build, "assistant")], capture_output=True, text=True, check=False,
                                  timeout=60, env={**clean, **env})

        with Started(self.prefix, "emulate", "--port", "0", "--pace", "0", "--bad-key", "wrong") as url:
            told = asked(GOOGLE_GEMINI_BASE_URL=url, GEMINI_API_KEY="any")
            self.assertEqual((told.returncode, told.stderr), (0, ""))
            self.assertIn("sky", told.stdout)
            bad = asked(GOOGLE_GEMINI_BASE_URL=url, GEMINI_API_KEY="wrong")
        self.assertEqual((bad.returncode, bad.stdout), (1, ""))
        self.assertRegex(bad.stderr, r"^\w+: .*API key.*HTTP 4\d\d.*\n$")
        self.assertNotIn("wrong", bad.stderr)
        # Nobody listens there any more.
        alone = asked(GOOGLE_GEMINI_BASE_URL=url, GEMINI_API_KEY="any")
        self.assertEqual((alone.returncode, alone.stdout), (1, ""))
        self.assertRegex(alone.stderr, r"^connect_failed: .*\n$")
        keyless = asked(GOOGLE_GEMINI_BASE_URL=url)
        self.assertEqual((keyless.returncode, keyless.stdout), (1, ""))
        self.assertRegex(keyless.stderr, r"^missing_credentials: .*\n$")

    def test_a_component_needs_only_what_it_links(self):
        with self.assertRaisesRegex(AssertionError, r'the component "store" needs what was not found: SQLite3'):
            self.configure(self.asking_for("needs_sqlite", "REQUIRED COMPONENTS audio store"), *without(["SQLite3"]))
        source = self.asking_for("may_have_sqlite", "REQUIRED COMPONENTS audio OPTIONAL_COMPONENTS store")
        _, said = self.configure(source, *without(["SQLite3"]))
        self.assertIn("found 1: TRUE FALSE", said)

    def test_components_are_named_in_the_document_and_where_one_is_wrong(self):
        page = read(FIRST_PROGRAM)
        table = page[page.index("## Components"):]
        documented = re.findall(r"^\| `([a-z]+)` \|", table[:table.index("\n## ", 5)], re.M)
        with self.assertRaisesRegex(AssertionError, r'there is no component "gemni"; there are: ') as refused:
            self.configure(self.asking_for("misspelt", "REQUIRED COMPONENTS gemni"))
        message = " ".join(str(refused.exception).split())
        told = re.search(r"there are: ([a-z, ]+)", message).group(1)
        self.assertEqual(sorted(documented), sorted(re.findall(r"[a-z]+", told.split(" Call ")[0])))

    def test_every_header_that_is_included_is_there(self):
        headers = os.path.join(self.prefix, "include")
        for folder, _, names in os.walk(headers):
            for name in names:
                for included in re.findall(r'^#include "(parley/.*)"', read(os.path.join(folder, name)), re.M):
                    self.assertTrue(os.path.exists(os.path.join(headers, included)), f"{name}: {included}")

    def test_the_examples_are_a_project_of_their_own(self):
        build = self.build(os.path.join(ROOT, "examples"), *without(NOT_OF_GEMINI),
                           targets=["example_stream_answer", "example_structured_answer", "example_speak"])
        with Started(self.prefix, "emulate", "--port", "0", "--pace", "0") as url:
            self.assertEqual(run(os.path.join(build, "example_stream_answer"), "repeat: from outside", timeout=60,
                                 env={**os.environ, "GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "any"}),
                             "from outside\n")
        for name in os.listdir(os.path.join(ROOT, "examples")):
            if name.endswith(".cpp"):
                self.assertIn(f"/{name}.o", read(os.path.join(build, "build.ninja")), "each is built")


if __name__ == "__main__":
    sys.exit(unittest.main())
