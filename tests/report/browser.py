"""The report in a real browser: width, marks, overlaps, requests, light and dark; as TAP.

usage: browser.py MAKE_FIXTURE [FOLDER]      FOLDER: keep the screenshots there

Headless Chromium cannot make a window narrower than 500 pixels, so each report is put into frames of the
widths that matter, and the page around them measures.
"""
import html
import json
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from urllib.parse import unquote

make = sys.argv[1]
work = pathlib.Path(tempfile.mkdtemp(prefix="eid-browser-"))
keep = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if not chromium:
    print("1..0 # SKIP no Chromium on this machine")
    sys.exit(0)
WIDTHS = [1280, 768, 390, 320]
KINDS = ["rich", "bare", "hostile", "labs", "duplicates", "data"]

MEASURE = """
<!doctype html><meta charset="utf-8"><body style="margin:0">
<script>
const widths = WIDTHS, name = "KIND/report.html", out = [];
let waiting = widths.length;
function shown(e) { return e.getClientRects().length > 0; }
function overlaps(svg) {
  const boxes = [...svg.querySelectorAll("text")].filter(t => t.textContent.trim())
    .map(t => [t.textContent, t.getBoundingClientRect()]);
  const found = [];
  boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
    const w = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const h = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (w > 1.5 && h > 3) found.push(a + " / " + b);
  }));
  const box = svg.getBoundingClientRect();
  boxes.forEach(([a, p]) => { if (p.left < box.left - 1 || p.right > box.right + 1) found.push(a + " is cut off"); });
  return found;
}
function measure(frame, width) {
  const d = frame.contentDocument, root = d.documentElement;
  d.querySelectorAll("details").forEach(e => e.open = true);
  const charts = [...d.querySelectorAll("svg.chart")].filter(shown);
  out.push({
    width, scroll: root.scrollWidth, visible: root.clientWidth,
    wide: [...d.querySelectorAll("main *, header *")].filter(e => shown(e) && !e.closest(".scroll")
      && !e.closest("svg") && e.getBoundingClientRect().right > width + 1).map(e => e.tagName + "." + e.className),
    figures: d.querySelectorAll("figure").length, charts: charts.length,
    empty: charts.filter(c => ![...c.querySelectorAll(".mark, .line")].some(shown)).length,
    small: charts.filter(c => parseFloat(frame.contentWindow.getComputedStyle(c.querySelector("text")).fontSize)
      * c.getBoundingClientRect().width / c.viewBox.baseVal.width < 10.5).length,
    overlaps: charts.flatMap(overlaps),
    scripts: d.scripts.length, requests: frame.contentWindow.performance.getEntriesByType("resource").map(r => r.name),
    title: d.title, alerts: window.alerted || 0
  });
  if (--waiting == 0) document.body.innerHTML = "<pre id=out>" + encodeURIComponent(JSON.stringify(out)) + "</pre>";
}
for (const width of widths) {
  const frame = document.createElement("iframe");
  frame.style = "border:0;height:900px;display:block;width:" + width + "px";
  frame.src = name;
  frame.onload = () => { frame.contentWindow.alert = () => { window.alerted = 1; }; measure(frame, width); };
  document.body.append(frame);
}
</script>
"""


def browse(*arguments):
    return subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
         "--disable-background-networking", "--disable-component-update", "--allow-file-access-from-files",
         f"--user-data-dir={work}/profile", *arguments], check=True, capture_output=True, text=True, timeout=120).stdout


def measure(kind):
    path = work / f"measure-{kind}.html"
    path.write_text(MEASURE.replace("WIDTHS", json.dumps(WIDTHS)).replace("KIND", kind))
    dom = browse("--virtual-time-budget=20000", "--dump-dom", f"file://{path}")
    found = re.search(r'<pre id="out">(.*?)</pre>', dom, re.S)
    assert found, "the page did not measure: " + dom[:300]
    return json.loads(unquote(html.unescape(found[1])))


def screenshot(name, kind, width, height, dark):
    page, png = work / f"{name}.html", (keep or work) / f"{name}.png"
    page.write_text(f'<!doctype html><body style="margin:0"><iframe src="{kind}/report.html" '
                    f'style="border:0;width:{width}px;height:{height}px"></iframe>')
    browse(f"--screenshot={png}", f"--window-size={max(width, 500)},{height}",
           f"--blink-settings=preferredColorScheme={0 if dark else 1}", f"file://{page}")
    return png.read_bytes()


def first_pixel(png):
    """Red, green, blue at the top left: unfiltered by any of PNG's five filters, since nothing stands before it."""
    at, data = 8, b""
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at:at + 8])
        data += png[at + 8:at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    return tuple(zlib.decompress(data)[1:4])


(keep or work).mkdir(parents=True, exist_ok=True)
for kind in KINDS:
    subprocess.run([make, work / kind, kind], check=True)
measured = {kind: measure(kind) for kind in KINDS}
cases = []


def case(function):
    cases.append(function)
    return function


def every():
    for kind in KINDS:
        assert len(measured[kind]) == len(WIDTHS)
        for m in measured[kind]:
            yield f"{kind} at {m['width']}", m


@case
def no_page_scrolls_sideways():
    for where, m in every():
        assert m["scroll"] <= m["visible"], f"{where}: {m['scroll']} wide, first {m['wide'][:3]}"
        assert not m["wide"], f"{where}: {m['wide'][:3]}"


@case
def every_figure_is_drawn_with_marks():
    for where, m in every():
        assert m["charts"] == m["figures"], f"{where}: {m['charts']} of {m['figures']} drawn"
        assert m["empty"] == 0, f"{where}: {m['empty']} drawings without marks"
    assert measured["rich"][0]["figures"] == 8 and measured["bare"][0]["figures"] == 0


@case
def words_in_figures_can_be_read():
    for where, m in every():
        assert m["small"] == 0, f"{where}: {m['small']} drawings with letters under 10.5 pixels"
        if not where.startswith("hostile"):
            assert not m["overlaps"], f"{where}: {m['overlaps'][:4]}"


@case
def nothing_is_requested_and_nothing_runs():
    for where, m in every():
        assert m["requests"] == [], f"{where}: {m['requests']}"
        assert m["scripts"] == 0 and m["alerts"] == 0, where


@case
def hostile_text_stays_text():
    for m in measured["hostile"]:
        assert "<script>alert(1)</script>" in m["title"], m["title"]


@case
def light_and_dark_are_what_was_asked_for():
    for name, width, dark in (("desk", 1280, False), ("desk-dark", 1280, True), ("phone", 390, False),
                              ("phone-dark", 390, True)):
        red, green, blue = first_pixel(screenshot(name, "rich", width, 2400, dark))
        assert (max(red, green, blue) < 60) if dark else (min(red, green, blue) > 230), (name, red, green, blue)


failed = 0
for number, function in enumerate(cases, 1):
    try:
        function()
        print(f"ok {number} - {function.__name__}")
    except Exception as error:
        failed += 1
        print(f"# {type(error).__name__}: {str(error)[:600]}")
        print(f"not ok {number} - {function.__name__}")
print(f"1..{len(cases)}")
shutil.rmtree(work, ignore_errors=True)
sys.exit(failed > 0)
