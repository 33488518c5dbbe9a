"""Installs the build to a folder of its own, and builds and runs a foreign project against it."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


class Install(unittest.TestCase):
    def test_a_foreign_project_generates_builds_and_talks(self):
        with tempfile.TemporaryDirectory() as folder:
            prefix, build = os.path.join(folder, "prefix"), os.path.join(folder, "build")
            run("cmake", "--install", os.environ["BUILD"], "--prefix", prefix)
            run("cmake", "-G", "Ninja", "-S", HERE, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}",
                f"-DCMAKE_CXX_COMPILER={os.environ['CXX']}")
            run("cmake", "--build", build)
            mock = subprocess.Popen([os.path.join(prefix, "bin", "parley"), "mock", os.path.join(HERE, "weather.yaml"),
                                     "--port", "0"], stdout=subprocess.PIPE, text=True)
            try:
                url = re.search(r"ws://127\.0\.0\.1:\d+", mock.stdout.readline()).group(0)
                self.assertEqual(run(os.path.join(build, "station"), url), "roof 21.5 null\n")
            finally:
                mock.terminate()
                mock.wait(60)
                mock.stdout.close()


if __name__ == "__main__":
    sys.exit(unittest.main())
