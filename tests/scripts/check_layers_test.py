"""scripts/check-layers finds each thing that it promises to find."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class CheckLayers(unittest.TestCase):
    def check(self, files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            ran = subprocess.run([sys.executable, ROOT / "scripts/check-layers", folder],
                                 capture_output=True, text=True)
            return ran.returncode, ran.stdout

    def tree(self, **more):
        files = {
            "parley/base/CMakeLists.txt": "parley_module(NAME base LINK fmt::fmt)",
            "parley/base/text.hpp": "#pragma once\n#include <string>\n",
            "parley/base/detail/table.hpp": "#pragma once\n",
            "parley/net/CMakeLists.txt": "parley_module(NAME net DEPENDS base LINK_PUBLIC parley_asio)",
            "parley/net/dial.hpp": '#pragma once\n#include <boost/asio/ip/tcp.hpp>\n#include "parley/base/text.hpp"\n',
        }
        files.update(more)
        return files

    def test_a_good_tree_passes(self):
        self.assertEqual(self.check(self.tree()), (0, "Layers: no problem found\n"))

    def finds(self, words, **more):
        code, output = self.check(self.tree(**more))
        self.assertEqual(code, 1, output)
        self.assertIn(words, output)
        self.assertEqual(len(output.strip().splitlines()), 1, output)

    def test_an_include_that_depends_does_not_name(self):
        self.finds("'net' is not in DEPENDS of 'base'",
                   **{"parley/base/up.cpp": '#include "parley/net/dial.hpp"\n'})

    def test_an_arrow_up(self):
        self.finds("'base' depends on 'net', which is not below it",
                   **{"parley/base/CMakeLists.txt": "parley_module(NAME base DEPENDS net LINK fmt::fmt)"})

    def test_a_private_header(self):
        self.finds("parley/net/a.cpp:1: includes parley/base/detail/table.hpp, which is private to 'base'",
                   **{"parley/net/a.cpp": '#include "parley/base/detail/table.hpp"\n'})

    def test_a_private_header_in_a_public_one(self):
        self.finds("parley/base/text.hpp:1: a public header shows parley/base/detail/table.hpp, which is not installed",
                   **{"parley/base/text.hpp": '#include "parley/base/detail/table.hpp"\n'})

    def test_a_private_header_in_an_example(self):
        self.finds("which is private", **{"examples/a.cpp": '#include "parley/base/detail/table.hpp"\n'})

    def test_a_library_that_is_not_linked(self):
        self.finds("'base' does not link OpenSSL::", **{"parley/base/a.cpp": "#include <openssl/sha.h>\n"})

    def test_a_library_in_a_public_header(self):
        self.finds("a public header shows fmt/format.h", **{"parley/base/a.hpp": "#include <fmt/format.h>\n"})

    def test_a_pure_module_that_uses_a_thread(self):
        self.finds("'base' is pure", **{"parley/base/a.cpp": "#include <thread>\n"})

    def test_a_pure_module_that_reads_a_clock(self):
        self.finds("'base' is pure",
                   **{"parley/base/a.cpp": "auto now() { return std::chrono::steady_clock::now(); }\n"})

    def test_a_conditional_inside_co_await(self):
        self.finds("parley/net/a.cpp:2: a conditional inside co_await",
                   **{"parley/net/a.cpp": "co_await send(\n    good ? text() : other);\n"})
        code, output = self.check(self.tree(**{
            "parley/net/a.cpp": "const auto x = (co_await get()) ? 1 : 2;\n"}))
        self.assertEqual(code, 0, output)

    def test_a_long_file(self):
        self.finds("has 401 lines", **{"parley/base/a.cpp": "\n" * 401})

    def test_a_long_function(self):
        body = "  work();\n" * 60
        self.finds("a function of 62 lines", **{"parley/base/a.cpp": "void Thing::run(int a,\n               int b) {\n" + body + "}\n"})
        self.finds("a function of 62 lines",
                   **{"parley/base/a.cpp": "class Thing {\n  void run() {\n  " + body + "  }\n};\n"})

    def test_a_long_namespace_is_no_function(self):
        self.assertEqual(self.check(self.tree(**{
            "parley/base/a.cpp": "namespace parley {\n" + "int a();\n" * 100 + "}\n"}))[0], 0)


if __name__ == "__main__":
    unittest.main()
