"""Mathematics as MathML, which browsers typeset and screen readers read, with no script and no request.

latex2mathml translates at build time. The font is STIX Two Math (SIL Open Font Licence), which ziamath brings; of its
characters those that the book uses are kept.
"""

import html
import re
from pathlib import Path
from typing import Any

# What stands before the name of a function, the name, and perhaps a parenthesis that opens after it.
NAME = re.compile(r"((?:&#x00029;|\])?</mo>|<[^>]*>)<(?:mi|mo)>([a-z]{2,})</(?:mi|mo)>(?=(<mo[^>]*>(?:&#x00028;|\[))?)")
THIN = "0.1667em"
JOINER = "&#8288;"              # keeps a comma on the line of the formula before it
FONT = "STIXTwoMath.woff"


def mathml(latex: str, block: bool) -> str:
    from latex2mathml.converter import convert

    latex = re.sub(r"(\\text\{[^}]*\})", lambda text: text[0].replace(r"\_", "_"), latex)
    return spaced(convert(latex, display="block" if block else "inline"))


def spaced(formula: str) -> str:
    """The spaces of LaTeX: thin beside the name of a function, none beside / and after ∂. Var is a word, not V a r."""
    formula = NAME.sub(function, formula)
    formula = re.sub(r'(?:<mi mathvariant="normal">[A-Za-z]</mi>){2,}',
                     lambda letters: f"<mi>{''.join(re.findall('>([A-Za-z])<', letters[0]))}</mi>", formula)
    formula = formula.replace("<mo>&#x0002F;</mo>", '<mo lspace="0" rspace="0">/</mo>')
    # A minus after = or another operator is a sign.
    formula = re.sub(r"(?<!&#x00029;)(?<!])</mo><mo>&#x02212;</mo>", '</mo><mo form="prefix">&#x02212;</mo>', formula)
    return formula.replace("<mo>&#x02202;</mo>", '<mi mathvariant="normal">∂</mi>')


def function(found: re.Match[str]) -> str:
    """The name of a function as an operator; a space separates it from a letter or a parenthesis that closes before."""
    before, name, parenthesis = found.groups()
    left = "0" if before == "</mo>" or (before.startswith("<m") and not before.endswith("/>")) else THIN
    return f'{before}<mo lspace="{left}" rspace="{"0" if parenthesis else THIN}">{name}</mo>'


def inline(self: Any, node: Any) -> None:
    from docutils.nodes import SkipNode

    self.body.append(mathml(node.astext(), block=False) + JOINER)
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
