"""Which statement of the popular articles is judged by which claim, as chapters/articles.md.

`python -m chapters --write` renews it. The articles A to D are four published introductions to weight initialization;
their statements are given in substance, in the order of the chapters.
"""

from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent


class Statement(NamedTuple):
    """What an article says, the ids of the claims that judge it, and what remains unjudged, if anything."""

    article: str
    words: str
    claims: str
    remark: str = ""


STATEMENTS = [
    Statement("A", "zeros make gradients symmetric: every unit of a layer learns the same", "02-zeros-one-feature"),
    Statement("A", "a small random range breaks the symmetry", "02-small-range"),
    Statement("A", "from a small range, deep nets may vanish or explode", "03-small-range 03-small-range-explodes"),
    Statement("A", "ReLU mitigates vanishing gradients", "03-relu"),
    Statement("A", "Xavier keeps the variance from the inputs of a layer to its outputs", "04-keeps-activations"),
    Statement("A", "Xavier suits the sigmoid and tanh", "04-glorot-for-sigmoid 05-xavier-suits 10-sigmoid 10-tanh"),
    Statement("A", "Xavier scales by the size of the previous layer", "04-previous-layer"),
    Statement("A", "He is Xavier with another constant, for ReLU", "05-another-constant 10-relu"),
    Statement("A", "ReLU can explode if badly initialized", "05-explodes"),
    Statement("A", "orthogonal initialization: the columns are orthogonal", "06-which-side"),
    Statement("A", "orthogonal weights preserve the norm of the gradient", "06-gradient-norm"),
    Statement("A", "orthogonal weights speed convergence", "06-speeds"),
    Statement("A", "orthogonal weights are useful for recurrent nets and transformers", "06-recurrence",
              "Transformers are not tested: the library has none."),
    Statement("A", "variance scaling, also He normal or LeCun normal, looks at inputs and outputs", "07-both-sides"),
    Statement("A", "variance scaling is effective with non-linear activations", "07-non-linear"),
    Statement("A", "self-normalizing nets need no careful initialization", "08-careful-initialization"),
    Statement("A", "even zeros work for self-normalizing nets", "02-selu-zeros"),
    Statement("A", "with SELU, mean and variance stay stable during training", "08-during-training"),
    Statement("A", "the choice depends on the architecture", "10-architecture-10 10-architecture-30"),
    Statement("B", "ReLU mitigates vanishing gradients", "03-relu"),
    Statement("B", "a uniform range chosen badly saturates the activations", "03-uniform-saturates"),
    Statement("B", "uniform explores more broadly than normal", "03-explores"),
    Statement("B", "uniform suits complex relations", "03-complex-relations"),
    Statement("B", "good initialization ends at higher accuracy",
              "03-higher-accuracy 03-higher-accuracy-relu 05-accuracy"),
    Statement("B", "good initialization converges faster", "05-faster"),
    Statement("B", "Glorot depends on both fans, He on the inputs alone", "04-both-fans"),
    Statement("B", "Xavier and He keep gradients from vanishing", "05-keep-from-vanishing"),
    Statement("B", "Xavier and He keep gradients from exploding", "05-keep-from-exploding"),
    Statement("B", "good initialization avoids local minima", "06-local-minima 10-local-minima"),
    Statement("B", "good initialization starts with a better approximation", "10-better-approximation"),
    Statement("C", "any constant fails as zero does", "02-any-constant"),
    Statement("C", "random weights are prone to vanishing and exploding", "03-prone"),
    Statement("C", "random weights are prone to overfitting", "09-overfitting"),
    Statement("C", "small random values make gradients vanish", "03-small-values"),
    Statement("C", "its code: N(0, 1)", "03-normal-saturates 03-normal-default 03-normal-default-relu"),
    Statement("C", "its code: U(0, 1)", "03-uniform-default 03-uniform-default-relu"),
    Statement("C", "Glorot for sigmoid layers", "04-glorot-for-sigmoid 10-sigmoid"),
    Statement("C", "He for ReLU layers", "05-he-for-relu 10-relu"),
    Statement("C", "normalized Xavier means the normal distribution", "04-normalized-is-normal"),
    Statement("C", "normalized Xavier is almost the same as Xavier", "04-normalized-almost-the-same"),
    Statement("C", "greedy pre-training: an autoencoder learns a layer, which then feeds the next", "09-greedy"),
    Statement("C", "only the current layer is optimized", "09-current-layer"),
    Statement("C", "greedy training instead of all layers jointly", "09-greedy-or-joint"),
    Statement("C", "the stack is fine-tuned afterwards", "09-fine-tuning"),
    Statement("C", "zero initialization emerged to replace pre-training", "09-zeros",
              "Whether it can is judged, not who came first."),
    Statement("D", "zeros are to be avoided, except for biases", "02-zeros-except-biases"),
    Statement("D", "random weights are necessary to break the symmetry", "02-random-necessary"),
    Statement("D", "exploding gradients make the loss oscillate", "03-oscillates 03-oscillates-relu"),
    Statement("D", "its code: N(0, 0.01²)", "03-article-d 03-article-d-tanh 05-fixed"),
    Statement("D", "Xavier normal is N(0, 1/n), n the average fan", "04-normal-average-fan"),
    Statement("D", "Xavier uniform is U(±√6/√n), n the average fan", "04-average-fan-bound"),
    Statement("D", "He is N(0, 2/n), n the inputs", "05-n-in"),
    Statement("D", "Xavier suits the sigmoid and tanh", "04-glorot-for-sigmoid 05-xavier-suits"),
    Statement("D", "Xavier does not suit ReLU, where half of the units are off", "05-xavier-not-relu"),
    Statement("D", "its table: sigmoid → Xavier", "04-glorot-for-sigmoid 10-sigmoid"),
    Statement("D", "its table: tanh → Xavier", "05-xavier-suits 10-tanh"),
    Statement("D", "its table: softmax → Xavier", "10-softmax"),
    Statement("D", "its table: ReLU → He", "10-relu"),
    Statement("D", "its table: leaky ReLU → He", "05-swish 10-leaky-relu"),
    Statement("D", "its table: swish → He", "05-swish 10-swish"),
    Statement("A to D", "the defaults of the frameworks, in training", "10-default-pytorch 10-default-keras"),
]


def text(rows: list[dict[str, Any]]) -> str:
    """The table in Markdown. Claims of chapters that the ledger does not have are left out."""
    notebooks = {path.name[:2]: path.name for path in HERE.glob("[0-9][0-9]_*.ipynb")}
    ledger = {row["id"]: row for row in rows}
    table = []
    for article, words, ids, remark in STATEMENTS:
        found = [ledger[id] for id in ids.split() if id in ledger]
        judged = "<br>".join(f"[{row['id']}]({place(row['id'], notebooks[row['chapter']])})" for row in found)
        verdicts = "<br>".join(row["verdict"] + (f": {row['condition']}" if row["verdict"] == "conditional" else "")
                               for row in found)
        if found:
            table.append(f"| {article} | {words}{'. ' + remark if remark else ''} | {judged} | {verdicts} |")
    return "\n".join([
        "# What the popular articles say", "",
        "The popular articles A to D are four published introductions to weight initialization. Their statements are "
        "given in substance, one in a row, with the claims of the [ledger](ledger.json) that judge them, and their "
        "verdicts; *conditional* is followed by the condition. A link leads to the text that measures. The [front "
        "page](README.md) says what the verdicts mean.", "",
        "| article | statement | claim | verdict |", "|---|---|---|---|", *table, "",
        "This page is made from the ledger by `python -m chapters --write`.", ""])


def place(id: str, notebook: str) -> str:
    """The notebook in which a claim is judged, the chapter's path or its further part."""
    further = HERE / "further" / notebook
    return f"further/{notebook}" if f'"{id}"' in further.with_suffix(".py").read_text(encoding="utf-8") else notebook
