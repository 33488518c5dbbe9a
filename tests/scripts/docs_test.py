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

    def is_quoted(self, block, name, source, why):
        def lines(text):
            return [" ".join(line.split()) for line in text.splitlines() if line.strip()]

        compiled, at = lines(source), 0  # lines of the source may stand between those of a block
        for line in lines(block):
            self.assertIn(line, compiled[at:], f"{name}: not in {why}, or not in this order")
            at += compiled[at:].index(line) + 1

    # A paragraph that ends with a link to an example and a colon stands before what is quoted from it.
    EXCERPT = re.compile(r"\]\((?:\.\./)?(examples/\w+\.cpp)\):\n\n```cpp\n(.*?)^```$", re.S | re.M)

    def test_excerpts_are_what_their_examples_say(self):
        for page in self.documents():
            for example, block in self.EXCERPT.findall(page.read_text(encoding="utf-8")):
                self.is_quoted(block, page.name, (ROOT / example).read_text(encoding="utf-8"), example)

    def test_code_is_what_its_test_compiles(self):
        for test in sorted(ROOT.glob("tests/docs/*_test.cpp")):
            page = ROOT / "docs" / (test.name.removesuffix("_test.cpp") + ".md")
            text = self.EXCERPT.sub("", page.read_text(encoding="utf-8"))
            for block in re.findall(r"^```cpp\n(.*?)^```$", text, flags=re.S | re.M):
                self.is_quoted(block, page.name, test.read_text(encoding="utf-8"), test.name)

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
