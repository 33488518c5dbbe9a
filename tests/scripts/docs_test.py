"""The documents' links lead somewhere, and what they name exists."""
import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Docs(unittest.TestCase):
    def documents(self):
        listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True).stdout.split()
        return [ROOT / name for name in listed if (ROOT / name).exists()] or sorted(ROOT.glob("docs/*.md"))

    def test_relative_links_exist(self):
        for path in self.documents():
            prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.S | re.M)
            for link in re.findall(r"\]\(([^)#]+)[^)]*\)", prose):
                if "://" not in link:
                    self.assertTrue((path.parent / link).exists(), f"{path.relative_to(ROOT)}: {link}")

    def test_named_files_of_the_repository_exist(self):
        pattern = re.compile(r"`((?:parley|scripts|tests|fuzz|bench|examples|web|cmake)/[\w/.-]+)`")
        for path in self.documents():
            for name in pattern.findall(path.read_text(encoding="utf-8")):
                self.assertTrue((ROOT / name).exists(), f"{path.relative_to(ROOT)}: {name}")

    def test_code_is_what_its_test_compiles(self):
        def lines(text):
            return [" ".join(line.split()) for line in text.splitlines() if line.strip()]

        for test in sorted(ROOT.glob("tests/docs/*_test.cpp")):
            page = ROOT / "docs" / (test.name.removesuffix("_test.cpp") + ".md")
            compiled = lines(test.read_text(encoding="utf-8"))
            for block in re.findall(r"^```cpp\n(.*?)^```$", page.read_text(encoding="utf-8"), flags=re.S | re.M):
                at = 0  # the test's own lines may stand between those of a block
                for line in lines(block):
                    self.assertIn(line, compiled[at:], f"{page.name}: not in {test.name}, or not in this order")
                    at += compiled[at:].index(line) + 1

    def test_the_table_of_modules_is_that_of_cmake(self):
        table = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
        for listing in sorted(ROOT.glob("parley/*/CMakeLists.txt")):
            module = listing.parent.name
            depends = re.search(r"DEPENDS ([a-z ]+?)\s*(?:LINK|PCH|\))", listing.read_text(encoding="utf-8"))
            row = re.search(rf"\| `parley/{module}` \| .* \| (.*) \| .* \|", table)
            self.assertTrue(row, module)
            if row.group(1) not in ("all", "–"):
                self.assertEqual(row.group(1).split(), depends.group(1).split(), module)
            elif row.group(1) == "–":
                self.assertIsNone(depends, module)


if __name__ == "__main__":
    unittest.main()
