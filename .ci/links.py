"""Checks the links of the Markdown files and of the documentation in *.rs, without a network.

usage: links.py

A relative link names a file or folder of the repository, and an anchor names a heading of its page. A link to
github.com/zmtp-rs/zmtp is checked in the same way. Pages that rustdoc includes, and that of the tool in the registry, have
no relative links to files, because these do not hold there, and no links to items, which do not hold in the repository,
except for [`Item`]. rustdoc checks those.
"""

import pathlib
import re
import subprocess
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = re.compile(r"https://github\.com/zmtp-rs/zmtp/(?:blob|tree)/main/")
# [text](target) and [text]: target. A target has no space; a title may follow.
INLINE = re.compile(r"\]\(<?([^()\s<>]*(?:\([^()\s]*\)[^()\s<>]*)*)>?(?:\s+\"[^\"]*\")?\)")
REFERENCE = re.compile(r"^ {0,3}\[[^\]^]+\]:\s*<?(\S+?)>?(?:\s|$)", re.M)
ITEM = re.compile(r"^(?:crate|self|super|[A-Za-z_][A-Za-z0-9_]*)(?:::[A-Za-z0-9_]+)*(?:\(\))?$")


def tracked(*patterns):
    out = subprocess.check_output(["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, text=True)
    return [ROOT / name for name in out.split("\0") if name and (ROOT / name).exists()]


def without_code(text):
    """The same text, with spaces for code, so that the lines keep their numbers."""
    blank = lambda match: re.sub(r"[^\n]", " ", match.group(0))
    text = re.sub(r"^( *)(```+|~~~+).*?^ *\2[`~]*$", blank, text, flags=re.M | re.S)
    return re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", blank, text)


def slug(heading):
    """The anchor of a heading, as GitHub and rustdoc make it."""
    heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    heading = re.sub(r"[*`]|(?<!\w)_|_(?!\w)", "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")


def anchors(page):
    text = re.sub(r"^( *)(```+|~~~+).*?^ *\2[`~]*$", "", page.read_text(), flags=re.M | re.S)
    found = set()
    for heading in re.findall(r"^#{1,6} +(.*?)(?: +#+)?$", text, flags=re.M):
        name, number = slug(heading), 0
        while (name if number == 0 else f"{name}-{number}") in found:
            number += 1
        found.add(name if number == 0 else f"{name}-{number}")
    return found | set(re.findall(r"(?:id|name)=\"([^\"]+)\"", text))


def included():
    """The pages of `#[doc = include_str!]`, and that of the tool."""
    pages = {ROOT / "zmtp-mio/cli/README.md"}
    for file in tracked("*.rs"):
        text = file.read_text()
        for name in re.findall(r"doc = include_str!\(\"([^\"]+)\"\)", text):
            page = (file.parent / name).resolve()
            # The front page is compiled as a test only.
            if page != ROOT / "README.md":
                pages.add(page)
    return pages


def fault(file, target, rendered):
    """What is wrong with a link, or None. `rendered`: rustdoc or the registry renders the file."""
    where = REPOSITORY.match(target)
    path, _, anchor = target.partition("#")
    if where:
        page = ROOT / urllib.parse.unquote(path[where.end() :])
    elif re.match(r"[a-z][a-z0-9+.-]*:(?!:)", target):
        return None
    elif path == "":
        page = file
    elif file.suffix == ".rs" and ITEM.match(path):
        return None
    elif rendered and ITEM.match(path):
        return "does not hold on a page of the repository: use [`Item`] or `Item`"
    elif rendered:
        return "does not hold outside the repository: use https://github.com/zmtp-rs/zmtp/blob/main/"
    else:
        page = file.parent / urllib.parse.unquote(path)
    page = page.resolve()
    if not page.exists():
        return "no such file"
    if ROOT not in page.parents and page != ROOT:
        return "outside the repository"
    if anchor and page.suffix == ".md" and anchor not in anchors(page):
        return "no such heading"
    return None


def links(text):
    text = without_code(text)
    for pattern in (INLINE, REFERENCE):
        for match in pattern.finditer(text):
            yield text.count("\n", 0, match.start(1)) + 1, match.group(1)


def documentation(text):
    """The doc comments of a Rust file, on their lines."""
    comments = (re.match(r"\s*//[/!] ?(.*)", line) for line in text.split("\n"))
    return "\n".join(comment.group(1) if comment else "" for comment in comments)


def main():
    rendered = included()
    faults, count = [], 0
    for file in tracked("*.md", "*.rs"):
        source = file.suffix == ".rs"
        text = documentation(file.read_text()) if source else file.read_text()
        for line, target in links(text):
            count += 1
            wrong = fault(file, target, source or file in rendered)
            if wrong:
                faults.append(f"{file.relative_to(ROOT)}:{line}: {target}: {wrong}")
    # Otherwise the patterns find nothing any more.
    assert count > 0 and len(rendered) > 1, "no links, or no pages that rustdoc includes"
    print("\n".join(faults + [f"{count} links, {len(faults)} of them wrong"]))
    return 1 if faults else 0


sys.exit(main())
