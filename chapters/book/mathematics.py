"""Mathematics as MathML, which browsers typeset and screen readers read, with no script and no request.

latex2mathml translates at build time. The font is STIX Two Math (SIL Open Font Licence), which ziamath brings; of its
characters those that the book uses are kept.
"""

import html
import re
from pathlib import Path
from typing import Any

FONT = "STIXTwoMath.woff"


def mathml(latex: str, block: bool) -> str:
    from latex2mathml.converter import convert

    latex = re.sub(r"(\\text\{[^}]*\})", lambda text: text[0].replace(r"\_", "_"), latex)
    return convert(latex, display="block" if block else "inline")


def inline(self: Any, node: Any) -> None:
    from docutils.nodes import SkipNode

    self.body.append(mathml(node.astext(), block=False))
    raise SkipNode


def displayed(self: Any, node: Any) -> None:
    from docutils.nodes import SkipNode

    self.body.append(f'<div class="math" tabindex="0" role="group" aria-label="formula">'
                     f"{mathml(node.astext(), block=True)}</div>")
    raise SkipNode


def write_font(app: Any, error: Exception | None) -> None:
    """Put into the site the part of the font that its formulas need."""
    import ziamath
    from fontTools import subset

    if error is not None:
        return
    used: set[str] = set("=+−()[]{}|√∑∫^~‾")
    for page in Path(app.outdir).rglob("*.html"):
        for formula in re.findall(r"<math.*?</math>", page.read_text(encoding="utf-8"), re.DOTALL):
            used |= set(html.unescape(re.sub(r"<[^>]*>", "", formula)))
    # Browsers show a letter of <mi> in italics, a character of its own.
    used |= {chr(code) for code in range(0x1D434, 0x1D468)} | {chr(code) for code in range(0x1D6E2, 0x1D71C)} | {"ℎ"}
    options = subset.Options(flavor="woff", layout_features=["*"], name_IDs=["*"], notdef_outline=True)
    font = subset.load_font(Path(ziamath.__file__).parent / "fonts" / "STIXTwoMath-Regular.ttf", options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(used))
    subsetter.subset(font)
    subset.save_font(font, Path(app.outdir) / "_static" / FONT, options)


def setup(app: Any) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (inline, None), (displayed, None))
    app.connect("build-finished", write_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
