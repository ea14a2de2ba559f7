# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Fifteen questions
#
# Answer them once before the course and once after it, without looking anything up: it takes fifteen minutes. They are
# no examination. Each asks what an experiment shows that a chapter does, so predict. Write your answers down as one
# letter for each question, and `-` where you do not know.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
from IPython.display import display

from minnet.coursework import inventory

for question in inventory.questions():
    display(question)

# %% [markdown]
# **Save your answers.** Replace the dashes by your letters, choose a name or a number that you will remember (the
# lecturer need not know whose it is), and remove the `#`. The file is small; hand it in.

# %%
ANSWERS = "----- ----- -----"

# inventory.save(ANSWERS, when="before", who="my_number")
