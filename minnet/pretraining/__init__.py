"""Weights that are learned from data before training.

greedy          greedy_pretrain: one layer at a time, from the codes of the layer below; Stack; unrolled, the deep
                autoencoder of the finished layers
autoencoder     Autoencoder: one layer with its decoder, tied or not; its gradient by hand, the two penalties
corruption      masking, salt_and_pepper, gaussian_noise: what a denoising autoencoder learns to undo
boltzmann       BoltzmannMachine: one layer as a restricted Boltzmann machine, trained by contrastive divergence
data_dependent  lsuv, unit_normalized, balanced: random weights, rescaled until the activations or gradients of a batch
                of data have the wanted size
"""

from minnet.pretraining.autoencoder import Autoencoder
from minnet.pretraining.boltzmann import BoltzmannMachine
from minnet.pretraining.corruption import gaussian_noise, masking, salt_and_pepper
from minnet.pretraining.data_dependent import balanced, lsuv, unit_normalized
from minnet.pretraining.greedy import Stack, greedy_pretrain, unrolled

__all__ = ["Autoencoder", "BoltzmannMachine", "Stack", "balanced", "gaussian_noise", "greedy_pretrain", "lsuv",
           "masking", "salt_and_pepper", "unit_normalized", "unrolled"]
