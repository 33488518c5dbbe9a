"""What is generated compiles without a warning with clang too; the build itself uses GCC."""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import unittest

CLANG = shutil.which("clang++-19")
ROOT = pathlib.Path(__file__).resolve().parents[2]
GENERATED = pathlib.Path(os.environ["GENERATED"])
FLAGS = ["-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror",
         "-DBOOST_ASIO_NO_DEPRECATED", "-DBOOST_ASIO_DISABLE_BOOST_COROUTINE"]


def compile_one(source):
    return subprocess.run([CLANG, *FLAGS, f"-I{source.parent}", f"-I{ROOT}", str(source)],
                          capture_output=True, text=True)


@unittest.skipUnless(CLANG, "clang++-19 is not installed")
class Clang(unittest.TestCase):
    def test_every_definition(self):
        sources = sorted(GENERATED.glob("definition_*/definition_*.cpp"))
        self.assertGreater(len(sources), 20)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for source, done in zip(sources, pool.map(compile_one, sources)):
                with self.subTest(source.name):
                    self.assertEqual(done.returncode, 0, done.stderr[-3000:])

    def test_a_warning_would_be_seen(self):
        source = GENERATED / "clang_test_narrowing.cpp"
        source.write_text("int narrow(long wide) { return wide; }\n")
        self.addCleanup(source.unlink)
        self.assertIn("implicit conversion", compile_one(source).stderr)


if __name__ == "__main__":
    unittest.main()
