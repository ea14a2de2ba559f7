"""What Sphinx is told about the book."""

import minnet

project, author, version = "minnet", "the authors of minnet", minnet.__version__
html_title = "minnet"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "chapters.book.mathematics",
              "chapters.book.docstrings"]
nitpicky = False
default_role = "code"
suppress_warnings = ["ref.python"]              # a name that two modules export

nb_execution_mode = "off"                       # the notebooks are shown as they were committed
nb_render_markdown_format = "gfm"               # tables in Markdown that a cell printed
nb_mime_priority_overrides = [("html", "text/html", 0)]
nb_ipywidgets_js: dict[str, dict[str, str]] = {}    # no scripts from a CDN
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_dmath_double_inline = True
myst_heading_anchors = 4
html_math_renderer = "mathml"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}
python_maximum_signature_line_length = 88
add_module_names = False
python_use_unqualified_type_names = True

html_theme = "pydata_sphinx_theme"
html_static_path = ["static"]
html_favicon = "static/icon.svg"
html_css_files = ["book.css"]
html_js_files = ["book.js"]
html_context = {"default_mode": "auto"}       # light or dark, as the reader's system
html_domain_indices = False
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": True,
    "navbar_align": "left",
    "show_nav_level": 1,
    "navigation_depth": 3,
    "back_to_top_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "footer_start": [],
    "footer_end": [],
}
