"""Code that must not compile, each piece with the words that the compiler must say, beside the same
code without the mistake. CXX is the compiler, FLAGS its options."""
import os
import re
import subprocess
import sys
import unittest

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sessions.cpp")
# Number, what is wrong, and what GCC or clang says about it.
WRONG = [
    (1, "a required parameter is missing", r"no matching function for call to .*Params::Params\(\)|no matching constructor"),
    (2, "sent before initialize", r"P == .*(Phase::)?streaming"),
    (3, "a step without std::move", r"discards qualifiers|as .this. argument|is not viable|rvalue"),
    (4, "initialized twice", r"P == .*(Phase::)?connected"),
    (5, "a message of another kind", r"CloseConnectionMessage.*SendTextMessage|no viable conversion"),
    (6, "sent after close", r"P == .*(Phase::)?streaming"),
    (7, "a copied session", r"deleted"),
]


def compile_with(number):
    command = [os.environ["CXX"], *os.environ["FLAGS"].split(), "-fsyntax-only", f"-DWRONG={number}", SOURCE]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class WrongCode(unittest.TestCase):
    def test_the_right_form_compiles(self):
        done = compile_with(0)
        self.assertEqual(done.returncode, 0, done.stderr[:4000])

    def test_wrong_forms_do_not(self):
        for number, what, words in WRONG:
            with self.subTest(what):
                done = compile_with(number)
                self.assertNotEqual(done.returncode, 0, f"{what}: it compiled")
                self.assertTrue(re.search(words, done.stderr), f"{what}:\n{done.stderr[:3000]}")


if __name__ == "__main__":
    sys.exit(unittest.main())
