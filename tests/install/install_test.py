"""Installs the build to a folder of its own, and builds and runs a foreign project against it."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
FIRST_PROGRAM = os.path.join(HERE, "..", "..", "docs", "first-program.md")


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


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

    def build(self, source):
        folder = os.path.join(self.folder.name, "build_" + os.path.basename(source))
        run("cmake", "-G", "Ninja", "-S", source, "-B", folder, f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_CXX_COMPILER={os.environ['CXX']}")
        run("cmake", "--build", folder)
        return folder

    def test_a_foreign_project_generates_builds_and_talks(self):
        build = self.build(HERE)
        with Started(self.prefix, "mock", os.path.join(HERE, "weather.yaml"), "--port", "0") as url:
            self.assertEqual(run(os.path.join(build, "station"), url), "roof 21.5 null\n")

    def test_the_first_program_of_the_documents(self):
        with open(FIRST_PROGRAM, encoding="utf-8") as file:
            page = file.read()
        source = os.path.join(self.folder.name, "assistant")
        os.mkdir(source)
        for name, text in re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", page, re.M | re.S):
            with open(os.path.join(source, name), "w", encoding="utf-8") as file:
                file.write(text)
        self.assertEqual(sorted(os.listdir(source)), ["CMakeLists.txt", "assistant.cpp"])
        build = self.build(source)
        said = re.search(r"^Type `(.*?)`", page, re.M).group(1)
        with Started(self.prefix, "emulate", "--port", "0", "--pace", "0") as url:
            heard = run(os.path.join(build, "assistant"), input=said + "\nrepeat: good night\n",
                        env={**os.environ, "GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "any"})
        self.assertRegex(heard, r"\[the lamp in the .+ is (on|off)\]")
        self.assertIn("You: good night\n", heard)


if __name__ == "__main__":
    sys.exit(unittest.main())
