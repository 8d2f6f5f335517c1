"""Whole reports, read as a browser or another program would read them; as TAP.

usage: check_report.py MAKE_FIXTURE
"""
import csv
import html.parser
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

make = sys.argv[1]
work = pathlib.Path(tempfile.mkdtemp(prefix="eid-report-"))
runs = {}
for kind in ("rich", "bare", "hostile", "duplicates"):
    runs[kind] = work / kind
    subprocess.run([make, runs[kind], kind], check=True)
runs["revealed"] = work / "revealed"
subprocess.run([make, runs["revealed"], "hostile", "reveal"], check=True)
page = {kind: (folder / "report.html").read_text(encoding="utf-8") for kind, folder in runs.items()}

VOID = {"meta", "br", "link", "img", "hr", "input"}
SAFE = {"html", "head", "meta", "title", "style", "body", "a", "header", "p", "h1", "h2", "h3", "h4", "section", "svg",
        "path", "ol", "ul", "li", "dl", "div", "dt", "dd", "span", "small", "nav", "main", "figure", "figcaption",
        "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "b", "br", "code", "pre", "article", "mark",
        "footer", "text", "line", "rect"}


class Page(html.parser.HTMLParser):
    """Collects elements, checks that they nest, keeps the visible text."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.words, self.wrong = [], [], [], []
        self.feed(text)
        self.close()
        self.wrong += [f"{tag} is never closed" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if len(attrs) != len(dict(attrs)):
            self.wrong.append(f"{tag} has an attribute twice")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes something else")

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.words.append(data)

    def handle_comment(self, data):
        self.wrong.append("a comment")


pages = {kind: Page(text) for kind, text in page.items()}
cases = []


def case(function):
    cases.append(function)
    return function


def equal(got, want):
    assert got == want, f"{got!r}, want {want!r}"


@case
def pages_are_well_formed():
    for kind, p in pages.items():
        equal((kind, p.wrong), (kind, []))
        equal({tag for tag, _ in p.elements} - SAFE, set())


@case
def nothing_is_fetched_and_nothing_runs():
    for kind, p in pages.items():
        for tag, attrs in p.elements:
            for name, value in attrs.items():
                assert not name.startswith("on"), f"{kind}: {tag} {name}"
                assert name not in ("src", "srcset", "style", "action", "formaction", "xlink:href", "data"), name
                if name == "href":
                    assert re.fullmatch(r"#[a-z._+-]+|figures/[a-z._]+\.(svg|csv|vl\.json)", value), value
            if tag == "meta" and "http-equiv" in attrs:
                assert "default-src 'none'" in attrs["content"]
        style = re.search(r"<style>(.*?)</style>", page[kind], re.S)[1]
        assert "url(" not in style and "@import" not in style and "@font-face" not in style
        assert "<script" not in page[kind].lower()


@case
def links_lead_somewhere():
    for kind, p in pages.items():
        ids = [a["id"] for _, a in p.elements if "id" in a]
        equal(len(ids), len(set(ids)))
        for tag, attrs in p.elements:
            target = attrs.get("href", "")
            if target.startswith("#"):
                assert target[1:] in ids, f"{kind}: {target}"
            elif target:
                assert (runs[kind] / target).stat().st_size > 0, target
            if "aria-labelledby" in attrs:
                assert attrs["aria-labelledby"] in ids


@case
def a_reader_finds_the_way_without_eyes():
    for kind, p in pages.items():
        tags = [tag for tag, _ in p.elements]
        for tag in ("main", "header", "footer", "nav", "h1", "title"):
            equal((kind, tag, tags.count(tag) >= 1), (kind, tag, True))
        equal(tags.count("main"), 1)
        equal(p.elements[0], ("html", {"lang": "en"}))
        levels = [int(t[1]) for t in tags if re.fullmatch("h[1-4]", t)]
        equal(levels[0], 1)
        assert all(b - a <= 1 for a, b in zip(levels, levels[1:])), f"{kind}: a heading level is passed over"
        for tag, attrs in p.elements:
            if tag == "svg":
                assert attrs.get("aria-hidden") == "true" or len(attrs.get("aria-label", "")) > 20
            if tag == "section":
                assert "aria-labelledby" in attrs or "aria-label" in attrs
            if attrs.get("class") == "scroll":
                equal(attrs.get("tabindex"), "0")  # reachable by keyboard
            if tag == "th":
                assert attrs.get("scope") in ("col", "row")


FIGURES = ["extraction.by_copies", "extraction.by_prompt", "extraction.np", "exposure.by_copies", "membership.roc",
           "membership.auc", "training.loss", "personal.emitted"]
SVG = "{http://www.w3.org/2000/svg}"


@case
def figures_are_xml_with_titled_marks():
    for kind in runs:
        for path in sorted((runs[kind] / "figures").glob("*.svg")):
            root = xml.parse(path).getroot()
            equal(root.tag, SVG + "svg")
            marks = [e for e in root.iter() if re.search(r"\b(mark|line)\b", e.get("class", ""))
                     and e.find(SVG + "title") is not None]
            assert marks, f"{path}: no marks"
            for e in root.iter():
                assert e.tag in {SVG + t for t in ("svg", "title", "style", "rect", "text", "line", "path")}, e.tag
                for name, value in e.attrib.items():
                    assert not name.startswith("on") and "nan" not in value.lower().split(), (path, name, value)
                    if name in ("d", "x", "y", "x1", "x2", "y1", "y2", "transform", "width", "height"):
                        assert not re.search(r"nan|inf|e\+", value), (path, name, value)
    for name in FIGURES:
        for suffix in (".svg", ".csv", ".vl.json"):
            assert (runs["rich"] / "figures" / (name + suffix)).exists(), name


@case
def inline_drawings_are_drawn_twice_and_inside_their_paper():
    for kind in ("rich", "hostile"):
        drawings = re.findall(r'<svg class="chart (wide|narrow)" viewBox="0 0 (\d+) (\d+)".*?</svg>', page[kind], re.S)
        whole = re.findall(r'<svg class="chart .*?</svg>', page[kind], re.S)
        equal(len(drawings), len(whole))
        equal(sum(d[0] == "wide" for d in drawings), sum(d[0] == "narrow" for d in drawings))
        for (_, width, height), text in zip(drawings, whole):
            for e in xml.fromstring(text).iter():
                for names, most in ((("x", "x1", "x2"), int(width)), (("y", "y1", "y2"), int(height))):
                    for name in names:
                        if name in e.attrib:
                            assert 0 <= float(e.get(name)) <= most, (kind, e.tag, e.attrib)


@case
def data_files_are_what_they_say():
    for kind in runs:
        for path in sorted((runs[kind] / "figures").glob("*.csv")):
            rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8")), strict=True))
            assert len(rows) > 1 and len({len(r) for r in rows}) == 1, path
            for row in rows[1:]:
                for value in row[2:5] if rows[0][1] == "row" else row[1:6]:
                    if value:
                        float(value)
                assert not any(cell[:1] in ("=", "@") for cell in row), row
            spec = json.loads(path.with_name(path.stem + ".vl.json").read_text(encoding="utf-8"))
            equal(len(spec["data"]["values"]), len(rows) - 1)
            assert spec["$schema"].endswith("/vega-lite/v5.json") and spec["layer"] and spec["encoding"]


@case
def the_numbers_are_the_stored_ones():
    rows = list(csv.DictReader((runs["rich"] / "figures/extraction.by_copies.csv").open(encoding="utf-8")))
    planted = [r for r in rows if r["series"] == "planted"]
    equal([float(r["x"]) for r in planted], [2.0 ** k for k in range(9)])
    equal(planted[0]["n"], "120")
    held = [r for r in rows if r["series"] == "heldout"]
    equal((float(held[0]["x"]), float(held[0]["y"])), (0.0, 0.0005))
    text = " ".join("".join(pages["rich"].words).split())
    for part in ("1.9%", "1.5–2.3%", "Of passages that stand in the training text once, 0.3% (0–1.7%) come back",
                 "Loss ended at 1.19 nats per token on the training text and at 2.44 on held-out text, 1.25 more",
                 "unresolved: 1,500 negatives", "4 layers, width 128", "--minutes 2 --seed 7",
                 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"):
        assert part in text, part


@case
def hostile_text_stays_text():
    for kind in ("hostile", "revealed", "duplicates"):
        text = "".join(pages[kind].words)
        assert "<script>alert(1)</script>" in text and "<script>alert(4)</script>" in text
        for treacherous in "\u202e\u0001\u001b\u0000\u200b\u2066":
            assert treacherous not in page[kind], f"{kind}: U+{ord(treacherous):04X}"
        for path in (runs[kind] / "figures").iterdir():
            if path.suffix == ".svg":
                assert "\u202e" not in path.read_text(encoding="utf-8")


@case
def personal_data_shows_only_when_asked():
    for kind, secret in (("hostile", "victim.example"), ("duplicates", "victim.example"), ("rich", "ada.lovelace@"), ("rich", "cobol.example"),
                         ("rich", "lace@analytical"), ("rich", "30 1234567")):
        assert secret not in page[kind], secret
    assert "mail@victim.example.org" in page["revealed"]


@case
def what_is_missing_says_why():
    text = " ".join("".join(pages["bare"].words).split())
    assert text.count("Not measured: no held-out text was given.") >= 6, text
    assert "Unknown" in text and "cannot tell" in text
    equal(list((runs["bare"] / "figures").iterdir()), [])


@case
def files_are_for_their_owner_only():
    for kind, folder in runs.items():
        for path in [folder / "report.html", *(folder / "figures").iterdir()]:
            equal(oct(path.stat().st_mode & 0o077), "0o0")


@case
def the_same_run_gives_the_same_bytes():
    again = work / "again"
    os.rename(runs["rich"], again)
    subprocess.run([make, work / "other", "rich"], check=True)
    for a in sorted((again / "figures").iterdir()):
        equal(a.read_bytes(), (work / "other/figures" / a.name).read_bytes())
    os.rename(again, runs["rich"])


failed = 0
for number, function in enumerate(cases, 1):
    try:
        function()
        print(f"ok {number} - {function.__name__}")
    except Exception as error:  # a broken report may break anything
        failed += 1
        print(f"# {type(error).__name__}: {str(error)[:600]}")
        print(f"not ok {number} - {function.__name__}")
print(f"1..{len(cases)}")
subprocess.run(["rm", "-rf", work], check=True)
sys.exit(failed > 0)
