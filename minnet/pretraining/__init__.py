"""Weights that are learned from data before training.

greedy          greedy_pretrain: one layer at a time, each as an autoencoder of the one below; unrolled
boltzmann       the restricted Boltzmann machine, which learns a layer by contrastive divergence
data_dependent  lsuv and others: random weights that are rescaled until a batch of data has the wanted statistics
"""

from minnet.pretraining.boltzmann import BoltzmannMachine
from minnet.pretraining.data_dependent import balanced, lsuv, unit_normalized
from minnet.pretraining.greedy import (
    Autoencoder,
    Stack,
    gaussian_noise,
    greedy_pretrain,
    masking,
    salt_and_pepper,
    unrolled,
)

__all__ = ["Autoencoder", "BoltzmannMachine", "Stack", "balanced", "gaussian_noise", "greedy_pretrain", "lsuv",
           "masking", "salt_and_pepper", "unit_normalized", "unrolled"]
