"""The initializers as a reference: one page for each, and the same call in other frameworks.

    print(reference.card(initializers.he_normal))      formula, source, spectrum, the calls of Keras, PyTorch and JAX
    print(reference.parity())                          the calls for all initializers in one table

cards       card and parity; Card and Parity, which they return: texts, tables and pictures
frameworks  ROWS: for each initializer the calls of Keras, PyTorch and JAX, and the predicted distribution of its
            entries and singular values
"""

from minnet.reference.cards import Card, Parity, card, parity

__all__ = ["Card", "Parity", "card", "parity"]
