"""The pages lead where they say: every link, and every file, class and function that they name, is there."""

import ast
import re
import shutil
import subprocess
import unicodedata
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import pytest

FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
HTML = re.compile(r'<(?:img|a)\b[^>]*?\b(?:src|href)="([^"]+)"')
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
FILE = re.compile(r"(?<![\w/.~-])(?:core|pianodiff_gui|assets|packaging|tests|docs)/[\w./*-]*[\w*/]")
NAME = re.compile(r"`([\w./-]+\.py): ([A-Za-z_][\w.]*)`")
ELSEWHERE = re.compile(r"[a-z][a-z+.-]*:")


class Page(NamedTuple):
    """A page: its place in the repository, and its text."""

    path: str
    text: str

    @property
    def prose(self) -> str:
        """The text without code."""
        return CODE.sub("`code`", FENCE.sub("", self.text))


def pages_of(root: Path) -> list[Page]:
    """README and its like, docs/ with all below it, and the cards and credits of what ships."""
    places = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "assets").rglob("*.md")]
    return [Page(place.relative_to(root).as_posix(), place.read_text(encoding="utf-8")) for place in sorted(places)]


def anchors(text: str) -> set[str]:
    """The anchors that GitHub, and the site, make of a page's headings."""
    found: dict[str, int] = {}
    for heading in HEADING.findall(FENCE.sub("", text)):
        plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", unicodedata.normalize("NFC", heading))
        slug = re.sub(r"[^\w\- ]", "", plain).strip().lower().replace(" ", "-")
        found[slug] = found.get(slug, 0) + 1
    return {slug if not k else f"{slug}-{k}" for slug, count in found.items() for k in range(count)}


def broken_links(root: Path, page: Page) -> list[str]:
    """Links of a page within the repository that lead to no file or no heading."""
    broken = []
    for target in [*LINK.findall(page.prose), *HTML.findall(page.prose)]:
        if ELSEWHERE.match(target):
            continue
        path, _, anchor = unquote(target).partition("#")
        place = (root / page.path).parent / path
        if path and not (place.exists() and place.resolve().is_relative_to(root.resolve())):
            broken.append(target)
            continue
        text = place.read_text(encoding="utf-8") if path and anchor else page.text
        if anchor and anchor not in anchors(text):
            broken.append(target)
    return broken


def missing_files(root: Path, page: Page) -> list[str]:
    """Files and folders of the sources that a page names, in code and diagrams too, and that are not there."""
    return [name for name in FILE.findall(page.text) if not list(root.glob(name.rstrip("/")))]


def missing_names(root: Path, page: Page) -> list[str]:
    """What a page names as `file.py: Name`, `file.py: Class.method`, and the file does not define."""
    return [f"{file}: {name}" for file, name in NAME.findall(page.text) if name not in defined(root / file)]


@cache
def defined(file: Path) -> frozenset[str]:
    """Classes, functions, methods and constants of a module; nothing where there is none."""
    if not file.is_file():
        return frozenset()

    def names(body: list[ast.stmt], outside: str) -> set[str]:
        found: set[str] = set()
        for node in body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found.add(outside + node.name)
            if isinstance(node, ast.ClassDef):
                found |= names(node.body, f"{outside}{node.name}.")
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            found |= {outside + target.id for target in targets if isinstance(target, ast.Name)}
        return found

    return frozenset(names(ast.parse(file.read_text(encoding="utf-8")).body, ""))


@pytest.fixture(scope="module")
def pages(repository: Path) -> list[Page]:
    """All pages."""
    found = pages_of(repository)
    paths = {page.path for page in found}
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/method.md", "docs/decisions/README.md"} <= paths
    return found


def test_every_link_leads_somewhere(repository: Path, pages: list[Page]) -> None:
    """Breaks when a page is moved or a heading renamed, and others still point to where it was."""
    broken = {page.path: broken_links(repository, page) for page in pages}
    assert not {path: links for path, links in broken.items() if links}


def test_every_file_that_a_page_names_is_there(repository: Path, pages: list[Page]) -> None:
    """Breaks when a module moves and the pages, their diagrams among them, still send a newcomer to its old place."""
    missing = {page.path: missing_files(repository, page) for page in pages}
    assert not {path: names for path, names in missing.items() if names}


def test_every_class_and_function_that_a_page_names_is_there(repository: Path, pages: list[Page]) -> None:
    """Breaks when a function that holds a rule of the paper is renamed, and docs/method.md still has its old name."""
    assert sum(len(NAME.findall(page.text)) for page in pages) > 50
    missing = {page.path: missing_names(repository, page) for page in pages}
    assert not {path: names for path, names in missing.items() if names}


def test_every_page_of_docs_is_on_the_site(repository: Path, pages: list[Page]) -> None:
    """Breaks when a new page is forgotten in mkdocs.yml: nobody would find it there."""
    listed = set(re.findall(r"([\w/-]+\.md)", (repository / "mkdocs.yml").read_text(encoding="utf-8").split("nav:")[1]))
    assert listed == {page.path.removeprefix("docs/") for page in pages if page.path.startswith("docs/")}


def test_the_readme_says_what_is_downloaded_and_how_to_choose_less(repository: Path) -> None:
    """Breaks when somebody without an NVIDIA card can't find out from the README how to avoid gigabytes."""
    readme = (repository / "README.md").read_text(encoding="utf-8")
    assert "PIP_EXTRA_INDEX_URL=" in readme
    for size in ("2.7 GB", "0.2 GB", "0.25 GB"):
        assert size in readme
    assert "Which PyTorch" in readme  # packaging/virtualenv.sh sends people there
    assert len(readme.splitlines()) <= 100


class TestTheChecks:
    """They notice what they are for."""

    @pytest.fixture
    def site(self, tmp_path: Path) -> Path:
        """A small repository with one page of each kind."""
        (tmp_path / "docs").mkdir()
        (tmp_path / "core").mkdir()
        (tmp_path / "core" / "engine.py").write_text("LIMIT = 3\nclass Engine:\n    def run(self): ...\n")
        (tmp_path / "docs" / "other.md").write_text("# Other\n## Eq. 9-10, `x_t`\n## Twice\n## Twice\n")
        return tmp_path

    @pytest.mark.parametrize(
        ("text", "broken"),
        [
            ("[a](other.md#eq-9-10-x_t) [b](other.md#twice-1) [c](https://example.org/x)", []),
            ("[a](gone.md)", ["gone.md"]),
            ("[a](other.md#gone)", ["other.md#gone"]),
            ("![a](gone.png) <img src='x'> <img src=\"gone.png\">", ["gone.png", "gone.png"]),
            ("[a](#here)\n\n# Here", []),
            ("`[a](gone.md)`\n\n```\n[a](gone.md)\n```", []),
            ("[![a](gone.png)](other.md)", ["gone.png"]),
        ],
    )
    def test_links(self, site: Path, text: str, broken: list[str]) -> None:
        """Breaks when a broken link is overlooked, or code is taken for a link."""
        assert broken_links(site, Page("docs/page.md", text)) == broken

    def test_files(self, site: Path) -> None:
        """Breaks when a file in a diagram or in code is not looked for."""
        text = "`core/engine.py`, `core/*.py`, `core/`\n```mermaid\nA[core/gone.py]\n```\n`tests/gone`"
        assert missing_files(site, Page("docs/page.md", text)) == ["core/gone.py", "tests/gone"]

    def test_names(self, site: Path) -> None:
        """Breaks when a method, a constant or a module that is gone is taken for one that is there."""
        text = "`core/engine.py: Engine.run` `core/engine.py: LIMIT` `core/engine.py: stop` `core/gone.py: Engine`"
        assert missing_names(site, Page("docs/page.md", text)) == ["core/engine.py: stop", "core/gone.py: Engine"]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_built_site_is_not_part_of_the_sources(repository: Path) -> None:
    """Breaks when out/site would be committed with a careless `git add`."""
    if not (repository / ".git").exists():
        pytest.skip("not a git checkout")
    assert subprocess.run(["git", "check-ignore", "-q", "out/site"], cwd=repository).returncode == 0
