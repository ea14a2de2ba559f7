"""Initializers as a reference: each on one page, and how other frameworks draw the same.

    print(reference.card(initializers.he_normal))      formula, source, spectrum, the calls of Keras, PyTorch and JAX
    print(reference.parity())                          the calls of all initializers in one table

cards       card and parity: texts, tables and pictures
frameworks  the calls of Keras, PyTorch and JAX, and the distribution that each initializer draws from
"""

from minnet.reference.cards import Card, Parity, card, parity

__all__ = ["Card", "Parity", "card", "parity"]
