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
# # 10.2 What a choice costs
#
# **(25 min)** Write the rule of section 2. `held_out` and `test` are accuracies, arrays of the shape (starts, rates,
# seeds). The function returns
#
# - `best`: the index of the best start. Each start has the rate whose median accuracy over seeds on the held-out images
#   is highest, and the best start is the one whose median at this rate is highest.
# - `cost`: the test accuracy that each start loses against the best start, an array (starts, seeds). Each start stands
#   at its own rate; where the best start's accuracy is below 0.5, it counts as 0.5.
#
# <details><summary>Hint 1</summary>
#
# `np.median(held_out, axis=2)` has the shape (starts, rates). What do you need of it: its largest values, or where they
# are?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `test[np.arange(len(test)), rates]` takes the rate `rates[i]` of the start `i`, for all seeds.
#
# </details>
#
# <details><summary>Hint 3</summary>
#
# `test` is needed once, when all choices are made.
#
# </details>

# %%
import numpy as np

from minnet.coursework import check


# %% jupyter={"source_hidden": true} tags=["solution", "hide-input"]
def costs(held_out, test):
    """The best start, chosen on held-out images, and the test accuracy that each start loses against it."""
    ### BEGIN SOLUTION
    medians = np.median(held_out, axis=2)
    rates = medians.argmax(axis=1)
    best = medians.max(axis=1).argmax()
    accuracy = test[np.arange(len(test)), rates]
    cost = np.maximum(accuracy[best], 0.5) - accuracy
    return best, cost
    ### END SOLUTION


# %% tags=["check"]
check("10.2", costs)

# %% [markdown] tags=["explanation"]
# <details><summary>Explanation</summary>
#
# Whoever chooses the rates or the best start by the test images reports the luck of these images as well. The
# held-out images choose, so a cost may be negative: another start than the chosen one had more test images right. The
# floor of 0.5 matters where no start trains: without it all starts would have a small cost, and all would suit. The
# cell below takes the chapter's stored results, ReLU with ten hidden layers: He's start suits, and PyTorch's default
# costs more than half of the accuracy.
#
# </details>

# %% tags=["explanation"]
from minnet.experiments.chapter import stored

rows = stored("10_choosing").where(depth=10, activation="relu")
starts, rates = (sorted({row[name] for row in rows}) for name in ("start", "rate"))
held_out, test = (1 - np.array([[rows.where(start=start, rate=rate).array(part) for rate in rates] for start in starts])
                  for part in ("held_out", "test"))
best, cost = costs(held_out, test)
lost = dict(zip(starts, np.median(cost, axis=1), strict=True))
for start in starts:
    print(f"{start:15} costs {lost[start].round(2) + 0.0:.2f}")
assert abs(lost["He"]) <= 0.05
assert lost["PyTorch"] > 0.5
