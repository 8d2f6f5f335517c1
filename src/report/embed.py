"""Turns style sheets into C strings: embed.py OUT NAME=FILE ...; comments and indents are left out."""
import pathlib
import re
import sys

out, pairs = sys.argv[1], [p.split("=", 1) for p in sys.argv[2:]]
text = '#include "report/document.h"\n'
for name, path in pairs:
    css = re.sub(r"/\*.*?\*/", "", pathlib.Path(path).read_text(), flags=re.S)
    lines = [line.strip() for line in css.splitlines() if line.strip()]
    if "<" in css or "&" in css or "url(" in css or "@import" in css:
        sys.exit(f"{path}: a style sheet for HTML and SVG alike holds no < or &, and fetches nothing")
    text += f"const char {name}[] =\n"
    text += "".join('    "' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"\n' for line in lines)
    text += "    ;\n"
pathlib.Path(out).write_text(text)
