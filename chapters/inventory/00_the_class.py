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
# # The class, before and after
#
# Put the files that the students saved into a folder, write its name into the next cell, and run the notebook. As it
# stands, it shows **no real class**: thirty answer sheets drawn at random, to show what the pictures look like.

# %%
FOLDER = None                                              # such as "answers"

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np

from minnet.coursework import inventory
from minnet.experiments.chapter import style

style()
asked = inventory.questions()
rng = np.random.default_rng(0)


def drawn(chance):
    """An answer sheet whose answers are right with this probability, else any choice."""
    return "".join(q.right if rng.random() < chance else rng.choice(list(q.choices)) for q in asked)


answers = inventory.read(FOLDER) if FOLDER else {
    "before": {f"drawn {k}": drawn(0.15) for k in range(30)}, "after": {f"drawn {k}": drawn(0.6) for k in range(30)}}
both = sorted(set(answers["before"]) & set(answers["after"]))
before, after = ([answers[when][who] for who in both] for when in inventory.WHEN)
print(f"{len(both)} students answered both times; only before: {len(answers['before']) - len(both)}, "
      f"only after: {len(answers['after']) - len(both)}")

# %%
scores = [[inventory.score(sheet) for sheet in sheets] for sheets in (before, after)]
fig, axes = plt.subplots(2, 1, figsize=(7.5, 4), sharex=True, sharey=True)
for ax, when, values, color in zip(axes, inventory.WHEN, scores, ("0.6", "#0072b2"), strict=True):
    ax.hist(values, bins=np.arange(len(asked) + 2) - 0.5, color=color, rwidth=0.9)
    ax.axvline(np.mean(values), color="black", linewidth=1)
    ax.set(ylabel="students", title=f"{when.capitalize()} the course: {np.mean(values):.1f} right answers on average")
axes[1].set(xlabel=f"right answers of {len(asked)}", xlim=(-0.5, len(asked) + 0.5))
gain = (np.mean(scores[1]) - np.mean(scores[0])) / max(len(asked) - np.mean(scores[0]), 1e-9)
print(f"of what was not known before, {gain:.0%} was known after (the normalized gain)")

# %% [markdown]
# **What to see.** The lower histogram should lie to the right of the upper one. Chance alone gives a quarter of the
# answers. The normalized gain is (after − before)/(all − before), of the means.

# %%
def share(sheets, question, letter=None):
    """The share of the sheets with this answer to a question; by default the right one."""
    return float(np.mean([sheet[question.number - 1] == (letter or question.right) for sheet in sheets]))


change = {q.number: (share(before, q), share(after, q)) for q in asked}
order = sorted(asked, key=lambda q: change[q.number][1] - change[q.number][0])
ax = plt.figure(figsize=(7.5, 4.5)).subplots()
for y, q in enumerate(order):
    one, other = change[q.number]
    ax.plot([one, other], [y, y], color="0.7", zorder=1)
    ax.plot(one, y, "o", color="0.6", markersize=6)
    ax.plot(other, y, "s", color="#0072b2", markersize=6)
    ax.text(1.03, y, f"{other - one:+.0%}", va="center", fontsize=9)
ax.set(yticks=range(len(order)), yticklabels=[f"{q.number}: {q.claim}" for q in order], xlim=(0, 1.12),
       xticks=np.linspace(0, 1, 6), xlabel="share of right answers: circles before, squares after",
       title="The questions with the most change stand at the top")
ax.grid(axis="y", visible=False)

# %% [markdown]
# **What to see.** The label names the question and its claim in the ledger, whose chapter has the experiment. Where the
# square is not far right of the circle, the chapter was not understood, or not read.
#
# The next table has, for each question, the wrong answer that most students still give after the course, and what
# somebody who gives it believes.

# %%
for q in asked:
    letter = max(q.misconceptions, key=lambda letter: share(after, q, letter))
    print(f"{q.number:>2}  {share(before, q, letter):4.0%} → {share(after, q, letter):4.0%}  {letter}: "
          f"{q.misconceptions[letter]}")
