"""What chapters share: stored results, the look, runs that diverge."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import minnet as mn
from minnet import Diverged, activations, losses, optimizers
from minnet.experiments import Rows, chapter, fit_until_diverged

X = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)


def constant_loss(*, seed):
    return {"loss": seed}


def net():
    return mn.mlp([5, 8, 2], activation=activations.relu, rng=0)


def test_stored_results_are_read_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(chapter, "RESULTS", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"of the name 05_he .* no others: clone the repository"):
        chapter.stored("05_he")
    mn.sweeps.sweep(constant_loss, {}, seeds=[3], file=tmp_path / "05_he.jsonl", workers=1, progress=False)
    assert chapter.stored("05_he")[0]["loss"] == 3


def test_style_is_set_on_demand():
    with plt.rc_context():
        plt.rcParams["axes.spines.top"] = True
        chapter.style()
        assert not plt.rcParams["axes.spines.top"]


def test_a_run_that_ends_is_that_of_fit():
    options = {"loss": losses.softmax_cross_entropy, "optimizer": optimizers.SGD(0.1), "epochs": 3, "rng": 0}
    history = fit_until_diverged(net(), (X, Y), **options)
    assert not history.diverged
    assert history.loss.tolist() == mn.fit(net(), (X, Y), progress=False, **options).loss.tolist()


def test_a_run_that_diverges_keeps_its_history():
    def loss(z, y):
        value, dz = losses.softmax_cross_entropy(z, y)
        return (value if value > 0.6 else float("nan")), dz

    options = {"loss": loss, "optimizer": optimizers.SGD(0.05), "epochs": 200, "rng": 0}
    history = fit_until_diverged(net(), (X, Y), **options)
    assert history.diverged
    assert 0 < len(history) < 200
    with pytest.raises(Diverged):
        mn.fit(net(), (X, Y), progress=False, **options)


def test_best_value_of_a_column():
    rows = Rows([{"rate": rate, "seed": seed, "loss": loss} for rate, losses in ((0.1, [3, 1, 2]), (0.2, [1, 9, 1.5]))
                 for seed, loss in enumerate(losses)])
    assert set(rows.best("rate", by="loss").array("rate")) == {0.2}
    worse = Rows([*rows, {"rate": 0.3, "seed": 0, "loss": float("nan")}, {"rate": 0.3, "seed": 1, "loss": 0.0}])
    assert set(worse.best("rate", by="loss").array("rate")) == {0.2}
    failed = Rows([{"rate": 0.4, "seed": 0, "diverged": True}, *rows])                # a group without the column
    assert set(failed.best("rate", by="loss").array("rate")) == {0.2}
    with pytest.raises(ValueError, match="expected columns out of rate, seed, loss, got speed"):
        rows.best("speed", by="loss")


def test_table_has_a_row_for_each_run():
    rows = Rows([{"seed": 0, "loss": 1.0}, {"seed": 1, "loss": 3.0}, {"seed": 0, "loss": 2.0}])
    np.testing.assert_array_equal(rows.table("loss"), [[1, 2], [3, np.nan]])


def test_table_and_best_refuse_what_they_would_mix():
    rows = Rows([{"init": init, "seed": 0, "epoch": epoch, "loss": 1.0} for init in "ab" for epoch in (1, 2)])
    assert rows.where(init="a").table("loss").shape == (1, 2)
    with pytest.raises(ValueError, match="one run for each value of seed, with rising epochs"):
        rows.table("loss")
    with pytest.raises(ValueError, match="at least one row"):
        Rows().best("rate", by="loss")
    widths = Rows([{"n": 8, "loss": 1.0}, {"n": 16, "loss": 2.0}])
    with pytest.raises(ValueError, match="other columns than those of the result, got n: rename"):
        widths.spread("loss", by="n")


def test_a_run_that_diverges_with_patience_says_which_epoch_is_best():
    history = fit_until_diverged(net(), (X, Y), loss=losses.softmax_cross_entropy, optimizer=optimizers.SGD(0.1),
                                 epochs=50, rng=0, validation=(X, Y), patience=3,
                                 schedule=lambda step: 1.0 if step < 6 else 1e38)
    assert history.diverged
    assert history.best_epoch in (1, 2, 3)
