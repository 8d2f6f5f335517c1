"""Fills the manual page in: man.py TEMPLATE COMMANDS.DEF VERSION > eidetic.1"""
import re
import sys


def roff(text):
    return text.replace("\\", "\\e").replace("-", "\\-")


def main(template, commands, version):
    rows = re.findall(r'^COMMAND\("([^"]+)", \w+, "([^"]+)"\)', open(commands, encoding="utf-8").read(), re.M)
    if not rows:
        sys.exit(f"{commands}: names no command")
    listed = "\n".join(f".TP\n.B {roff(verb)}\n{roff(text[0].upper() + text[1:])}." for verb, text in rows)
    page = open(template, encoding="utf-8").read()
    sys.stdout.write(page.replace("@VERSION@", version).replace("@COMMANDS@", listed))


main(*sys.argv[1:])
