"""How Sphinx makes the book. `make book` calls tools/book.py, which calls Sphinx."""

project = "Pixels to Prompts"
author = "Pixels to Prompts"
project_copyright = "Pixels to Prompts"
extensions = ["myst_nb"]
html_theme = "furo"
html_title = project
html_static_path = ["static"]
html_css_files = ["book.css"]
templates_path = ["templates"]
# furo's own sidebar, and a link to the page that draws.
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/try.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_show_sphinx = False
html_copy_source = False
# Everything lies in the book: without a network a page looks whole.
mathjax_path = "mathjax/tex-svg.js"
# The notebooks were run when they were built, and `make course` compares them.
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "attrs_inline"]
myst_heading_anchors = 4
myst_dmath_double_inline = True
