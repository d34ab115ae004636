#!/usr/bin/env python3
"""What tmux captures of a screen (capture-pane -p -e -N), from standard input, as an SVG on standard output.

Every character stands in its own cell, so that the picture is right whatever font shows it.
"""

import re
import sys
import unicodedata
from html import escape

WIDTH, HEIGHT, SIZE = 8.4, 17, 14
INK, GROUND = "#d8dee9", "#1d2128"
BASIC = ["#2e3440", "#bf616a", "#a3be8c", "#ebcb8b", "#81a1c1", "#b48ead", "#88c0d0", "#e5e9f0"]


def colour(index):
    """A colour of the 256."""
    if index < 16:
        return BASIC[index % 8]
    if index >= 232:
        grey = 8 + 10 * (index - 232)
        return f"#{grey:02x}{grey:02x}{grey:02x}"
    steps = [0, 95, 135, 175, 215, 255]
    cube = index - 16
    return "#%02x%02x%02x" % (steps[cube // 36], steps[cube // 6 % 6], steps[cube % 6])


class Pen:
    """How the next character is written."""

    def __init__(self):
        self.ink, self.bold, self.dim, self.reverse = None, False, False, False

    def set(self, codes):
        codes = [int(code or 0) for code in codes.split(";")]
        while codes:
            code = codes.pop(0)
            if code == 0:
                self.__init__()
            elif code in (1, 2, 7):
                setattr(self, {1: "bold", 2: "dim", 7: "reverse"}[code], True)
            elif code == 22:
                self.bold = self.dim = False
            elif code == 27:
                self.reverse = False
            elif 30 <= code <= 37:
                self.ink = colour(code - 30)
            elif code == 39:
                self.ink = None
            elif code in (38, 48) and codes[:1] == [5]:
                chosen = colour(codes[1])
                codes = codes[2:]
                self.ink = chosen if code == 38 else self.ink


def columns(character):
    if unicodedata.combining(character) or character in "\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def main():
    rows = sys.stdin.read().rstrip("\n").split("\n")
    out, pen, widest = [], Pen(), 0
    for y, row in enumerate(rows):
        x = 0
        for part in re.split(r"(\x1b\[[0-9;]*m)", row):
            if part.startswith("\x1b"):
                pen.set(part[2:-1])
                continue
            for character in part:
                wide = columns(character)
                if pen.reverse:
                    out.append(f'<rect x="{x * WIDTH:.1f}" y="{y * HEIGHT}" width="{wide * WIDTH + 0.5:.1f}" height="{HEIGHT}" fill="{pen.ink or INK}"/>')
                if character != " " and wide:
                    style = f' fill="{GROUND}"' if pen.reverse else (f' fill="{pen.ink}"' if pen.ink else "")
                    style += ' font-weight="bold"' if pen.bold else ""
                    style += ' opacity="0.6"' if pen.dim else ""
                    out.append(f'<text x="{x * WIDTH:.1f}" y="{y * HEIGHT + 13}"{style}>{escape(character)}</text>')
                x += wide
        widest = max(widest, x)
    width, height = widest * WIDTH + 24, len(rows) * HEIGHT + 24
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" viewBox="-12 -12 {width:.0f} {height}" '
          f'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="{SIZE}" fill="{INK}">')
    print(f'<rect x="-12" y="-12" width="{width:.0f}" height="{height}" rx="8" fill="{GROUND}"/>')
    print("\n".join(out))
    print("</svg>")


main()
