"""PARLEY_WEBSOCKET_STREAMING=OFF: the same program without the WebSocket parts, their symbols and their size.
PARLEY_POSTGRES=OFF: narratives without libpq."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD, PROGRAM, PARLEY = (os.environ[name] for name in ("BUILD", "PROGRAM", "PARLEY_BIN"))
MODULES = ("net", "api", "gemini")
# What only speaks over WebSockets, by its name in C++.
SPEAKERS = re.compile(r"parley::(ws::|net::(WebSocket|Reconnecting|SocketHost|connect_websocket)"
                      r"|api::(Session|TypedSession|ValueChannel)|gemini::(Live\b|LiveTurns|live::|stream_over_websocket))")


def run(*command, env=None):
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env={**os.environ, **(env or {})})
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def cached(name):
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
        found = re.search(rf"^{name}:\w+=(.*)$", file.read(), re.M)
    return found.group(1) if found else ""


SANITIZED = bool(cached("PARLEY_SANITIZE"))


def speakers(path):
    """The symbols of a program or library, defined or wanted, that belong to the WebSocket parts."""
    return sorted(set(line for line in run("nm", "-C", path).splitlines() if SPEAKERS.search(line)))


def code_bytes(path):
    return sum(int(line.split()[0]) for line in run("size", path).splitlines()[1:])


def flags():
    """How to build. Symbols are the same without sanitizers, which take most of a build's time."""
    names = ["CMAKE_CXX_COMPILER", "CMAKE_C_COMPILER"]
    if SANITIZED:
        return {**{name: cached(name) for name in names}, "CMAKE_BUILD_TYPE": "Debug",
                "CMAKE_CXX_FLAGS_DEBUG": "-O0 -g0"}
    return {name: cached(name) for name in [*names, "CMAKE_BUILD_TYPE", "CMAKE_CXX_FLAGS_DEBUG",
                                            "CMAKE_CXX_FLAGS_RELEASE"]}


class Off(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = os.path.join(BUILD, "options_off")
        run("cmake", "-G", "Ninja", "-S", HERE, "-B", cls.folder, "-DPARLEY_WEBSOCKET_STREAMING=OFF",
            "-DPARLEY_SERVER=OFF", "-DPARLEY_UNITY=ON",
            f"-DPARLEY_GENERATOR={os.path.join(BUILD, 'bin', 'parley-generate')}",
            *(f"-D{name}={value}" for name, value in flags().items()))
        run("cmake", "--build", cls.folder, "--target", "options_program")
        cls.program = run("find", cls.folder, "-name", "options_program", "-type", "f").strip()

    def library(self, build, module):
        found = run("find", build, "-name", f"libparley_{module}.a", "-not", "-path", f"{self.folder}/*"
                    if build == BUILD else "/none").split()
        return found[0] if found else None

    def test_no_symbol_is_left(self):
        self.assertEqual(speakers(self.program), [])
        for module in MODULES:
            self.assertEqual(speakers(self.library(self.folder, module)), [], module)
            self.assertNotEqual(speakers(self.library(BUILD, module)), [], f"{module}: the check sees nothing")
        self.assertIsNone(self.library(self.folder, "ws"))

    def test_the_program_does_the_same(self):
        service = subprocess.Popen([PARLEY, "emulate", "--port", "0", "--pace", "0"], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
        try:
            url = next(found.group(0) for line in service.stdout
                       if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
            env = {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "any"}
            for program in (PROGRAM, self.program):
                self.assertEqual(run(program, "repeat: as before", env=env), "as before\n")
        finally:
            service.terminate()
            service.wait(60)
            service.stdout.close()

    @unittest.skipIf(SANITIZED, "sizes are compared where both are built alike")
    def test_it_costs_nothing(self):
        rows = [("program", code_bytes(PROGRAM), code_bytes(self.program))]
        for module in MODULES + ("ws",):
            off = self.library(self.folder, module)
            rows.append((f"library {module}", code_bytes(self.library(BUILD, module)),
                         code_bytes(off) if off else 0))
        print(f"\n{'code, bytes':<16}{'on':>12}{'off':>12}")
        for name, on, off in rows:
            print(f"{name:<16}{on:>12}{off:>12}")
            if name == "program":  # the linker takes what is used; names of folders are in it
                self.assertAlmostEqual(off, on, delta=1024)
            else:
                self.assertLess(off, on, name)

    def test_what_needs_it_says_so(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["cmake", "-G", "Ninja", "-S", ROOT, "-B", folder,
                                   "-DPARLEY_WEBSOCKET_STREAMING=OFF"], capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("PARLEY_SERVER needs WebSockets", " ".join(done.stderr.split()))


class PostgresOff(unittest.TestCase):
    def test_no_symbol_and_no_dependency_is_left(self):
        folder = os.path.join(BUILD, "postgres_off")
        run("cmake", "-G", "Ninja", "-S", ROOT, "-B", folder, "-DPARLEY_POSTGRES=OFF", "-DPARLEY_SERVER=OFF", "-DPARLEY_TESTS=OFF",
            "-DPARLEY_DEVELOPER=OFF", "-DPARLEY_UNITY=ON",
            f"-DPARLEY_GENERATOR={os.path.join(BUILD, 'bin', 'parley-generate')}", *(f"-D{name}={value}" for name, value in flags().items()))
        # The library alone, without those below it.
        run("cmake", "--build", folder, "--target", "parley/narrative/libparley_narrative.a")

        def wanted(build):
            library = os.path.join(build, "parley/narrative/libparley_narrative.a")
            return [line for line in run("nm", "-C", library).splitlines() if re.search(r" PQ[a-z]|Postgres", line)]

        self.assertEqual(wanted(folder), [])
        if cached("PARLEY_POSTGRES") != "OFF":
            self.assertNotEqual(wanted(BUILD), [], "the check sees nothing")
        with open(os.path.join(folder, "build.ninja"), encoding="utf-8") as file:
            self.assertIsNone(re.search(r"-lpq\b|libpq|postgresql", file.read()))


if __name__ == "__main__":
    sys.exit(unittest.main())
