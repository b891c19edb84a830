"""The order in which notebooks are read, and the links that follow it.

The numbers say where a notebook belongs, this list says when to read it: editing (07)
works with prompts, so it comes after the notebook on prompts (10). The order is defined
only here; tests hold the map and the lessons to it.
"""

import re

ORDER = [
    "00_start",
    "01_pixels",
    "02_noise",
    "03_denoise",
    "04_unet",
    "05_training",
    "06_sampling",
    "08_words",
    "09_image_text",
    "10_text_to_image",
    "07_editing",
    "11_autoencoder",
    "12_latent_diffusion",
    "13_finetuning",
    "14_feedback",
    "15_other_roads",
    "16_few_steps",
    "17_video",
    "18_responsibility",
    "19_graduate",
]
BADGE = re.compile(r"^\[!\[Open in Colab\].*\n\n?", re.MULTILINE)
# The way up from notebooks/ and from notebooks/solutions/.
UP = {"": "../", "solutions/": "../../"}


def after(name: str) -> str | None:
    """The notebook to read after this one; None after the last."""
    following = dict(zip(ORDER, ORDER[1:], strict=False))
    return following.get(name)


def titled(name: str, page: str) -> str:
    """Number and title of a page that begins with a heading.

    >>> titled("08_words", "# 8 · Words\\n\\nA network knows no words.")
    '08 · Words'
    """
    heading = re.search(r"^# (.+)$", page, re.MULTILINE)[1]
    return f"{name[:2]} · {re.sub(r'^[0-9]+ · ', '', heading)}"


def with_head(title: str, name: str, folder: str, address: str) -> str:
    """The first cell, with links to the lesson and to Colab under its heading.

    Args:
        folder: "" for the learner's variant, "solutions/" for the solved one
        address: OWNER/REPO/blob/TAG
    """
    # Words and no picture: a picture from elsewhere leaves a gap without a network, and
    # one of our own leaves a gap in Colab, which fetches only the notebook.
    file = f"github/{address}/notebooks/{folder}{name}.ipynb"
    colab = f"[Open in Colab](https://colab.research.google.com/{file})"
    lesson = f"[Read the lesson]({UP[folder]}lessons/{name}.md)"
    heading, _, rest = BADGE.sub("", title).partition("\n")
    return f"{heading}\n\n{lesson} · {colab}\n{rest}".rstrip()


def foot(name: str, folder: str, page_after: str | None) -> str:
    """The last line of a notebook: where to go from here.

    Args:
        page_after: the first cell of the notebook that is read next
    """
    back = f"[the lesson]({UP[folder]}lessons/{name}.md#questions-people-ask)"
    if page_after is None:
        all_of_them = f"[the map]({UP[folder]}lessons/README.md)"
        return f"This was the last notebook. Go back to {back}, or to {all_of_them}."
    following = after(name)
    return (
        f"Next: [{titled(following, page_after)}]({following}.ipynb), "
        f"or first the questions in {back}."
    )


def from_folder(text: str, folder: str) -> str:
    """The text with its links to other folders adapted to this variant's folder.

    >>> from_folder("see [the map](../lessons/README.md)", "solutions/")
    'see [the map](../../lessons/README.md)'
    """
    return re.sub(r"\]\(\.\./", f"]({UP[folder]}", text)
