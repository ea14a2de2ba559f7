"""Rules about how the network is trained: the optimizer's settings, judged by trial steps, and overfitting.

A setting is to blame where the trial fails, and succeeds with that one setting changed. It fails where it ends at 0.9
of chance or above. All thresholds: seeds below 1,000.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from minnet import schedules
from minnet.diagnostics.advice import optimizer_code
from minnet.diagnostics.evidence import Evidence
from minnet.diagnostics.findings import Finding
from minnet.diagnostics.measurements import norm
from minnet.diagnostics.trials import FAR, LEAST_STEPS, LONG_STEPS, Settings

SMALLER = (0.1, 0.01, 1e-3, 1e-4, 1e-5)


def _fails(e: Evidence, steps: int | None = None) -> bool:
    """Whether the trial ends at 0.9 of chance or above, or loses most of what the network had learned.

    A network that has learned fails only where a longer trial fails too: the first steps from a fresh optimizer state,
    above all Adam's, can raise the loss for a while.
    """
    settings = e.settings
    assert settings is not None

    def bad(steps: int) -> bool:
        after = e.loss_after(settings, steps)
        return after >= 0.9 * e.reference or (e.learned and after > max(2 * e.snapshot.loss_value, 0.5 * e.reference))

    steps = steps or settings.horizon
    return bad(steps) and (not e.learned or bad(max(LONG_STEPS, steps)))


def _cures(e: Evidence, changed: Settings) -> bool:
    """Whether the trial fails, but not with changed settings, and ends lower by a quarter; a longer one may decide."""
    assert e.settings is not None
    return any(_fails(e, steps) and e.loss_after(changed, steps) < min(0.75 * e.loss_after(e.settings, steps),
                                                                       0.9 * e.reference)
               for steps in (e.settings.horizon, max(LONG_STEPS, e.settings.horizon)))


def schedule_small(e: Evidence) -> Finding | None:
    """The factors of the schedule add up to fewer than 24 steps at the full rate, over the first 1,000 steps."""
    if e.settings is None or e.settings.schedule is schedules.constant:
        return None
    total = float(sum(e.settings.schedule(step) for step in range(FAR)))
    constant = replace(e.settings, schedule=schedules.constant)
    if total >= LEAST_STEPS or (total > 0 and not _fails(e) and not e.loss_after(constant) < 0.9 * e.after):
        return None
    return Finding(
        "schedule_small", (), {"full_steps": total, "loss": e.after, "better_loss": e.loss_after(constant)},
        f"the schedule brings the learning rate to almost nothing: its factors add up to {total:.3g} full steps over "
        f"the first {FAR:,} steps.",
        "A schedule is a factor on the learning rate for each step (a batch, not an epoch): 1 leaves the rate as it "
        "is, 0 stops the training.",
        "Leave it out, `schedule=schedules.constant`, or give cosine and others the number of all steps, "
        "epochs * ceil(rows / batch_size).")


def clip_norm_small(e: Evidence) -> Finding | None:
    """Clipping leaves so little of the gradient that the network does not move."""
    if e.settings is None or e.settings.clip_norm is None or not _fails(e):
        return None
    length, unclipped = norm(e.net.grads), replace(e.settings, clip_norm=None)
    if not (length > e.settings.clip_norm and _cures(e, unclipped)):
        return None
    return Finding(
        "clip_norm_small", (), {"norm": length, "loss": e.after, "better_loss": e.loss_after(unclipped)},
        f"clip_norm={e.settings.clip_norm:g} cuts gradients of norm {length:.3g} down to almost nothing.",
        "Clipping is meant for rare, very large gradients; here it makes every step too short: "
        f"{_trial(e, unclipped, 'without it')}.",
        "Leave it out, `clip_norm=None`, or choose it larger than the usual norm.")


def weight_decay_large(e: Evidence) -> Finding | None:
    """Weight decay takes weights away faster than the gradient builds them."""
    if e.settings is None or not e.settings.base.weight_decay or not _fails(e):
        return None
    without = e.settings.changed(weight_decay=0.0)
    if e.settings.decay * LONG_STEPS < 0.5 or not _cures(e, without):        # below, 100 steps take less than 40% away
        return None
    return Finding(
        "weight_decay_large", (), {"decay": e.settings.decay, "loss": e.after, "better_loss": e.loss_after(without)},
        f"weight_decay={e.settings.base.weight_decay:g} is too large: at this learning rate each step takes "
        f"{min(1.0, e.settings.decay):.2g} of every weight away.",
        f"The weights shrink to 0 faster than the gradient can build them: {_trial(e, without, 'without decay')}.",
        f"Leave it out, `optimizer={optimizer_code(without.optimizer)}`, or use 0.01 or less.")


def l1_large(e: Evidence) -> Finding | None:
    """The L1 penalty moves weights to 0 faster than the gradient builds them."""
    if e.settings is None or not e.settings.base.l1 or not _fails(e):
        return None
    without, weight = e.settings.changed(l1=0.0), float(np.abs(e.net.params[e.net.decay_mask]).mean())
    if e.settings.shrinkage * LONG_STEPS < 0.5 * weight or not _cures(e, without):  # 100 steps take less than half away
        return None
    return Finding(
        "l1_large", (), {"shrinkage": e.settings.shrinkage, "loss": e.after, "better_loss": e.loss_after(without)},
        f"the L1 penalty l1={e.settings.base.l1:g} is too large: at this learning rate each step moves every weight by "
        f"{e.settings.shrinkage:.2g} towards 0, where a weight is {weight:.2g} on average.",
        f"The weights shrink to 0 faster than the gradient can build them: {_trial(e, without, 'without l1')}.",
        f"Leave it out, `optimizer={optimizer_code(without.optimizer)}`, or use l1=0.001 or less.")


def momentum_large(e: Evidence) -> Finding | None:
    """A momentum of 0.95 or more with which the trial fails, while it succeeds with 0.9.

    Or the loss stays above 0.3 of chance, and with 0.9 it ends at a third of that: with too much momentum it falls and
    rises again.
    """
    if e.settings is None or e.settings.momentum < 0.95 or e.after < 0.3 * e.reference:
        return None
    usual = e.settings.with_momentum(0.9)
    if not (_cures(e, usual) or e.after > 3 * e.loss_after(usual)):
        return None
    return Finding(
        "momentum_large", (), {"momentum": e.settings.momentum, "loss": e.after, "better_loss": e.loss_after(usual)},
        f"the momentum {e.settings.momentum:g} is too large for this learning rate.",
        f"Momentum m makes steps up to 1/(1 - m) = {1 / (1 - e.settings.momentum):.0f} times as long, and they go on "
        f"in an old direction: {_trial(e, usual, 'with 0.9')}.",
        f"Use 0.9: `optimizer={optimizer_code(usual.optimizer)}`.")


def learning_rate_large(e: Evidence) -> Finding | None:
    """The trial fails, and succeeds at a smaller rate; where it does not, a longer one decides."""
    if e.settings is None or not _fails(e):
        return None
    present, long = e.settings, max(LONG_STEPS, e.settings.horizon)
    smaller = [present.times(factor) for factor in SMALLER]

    def succeeds(steps: int) -> bool:
        return min(e.loss_after(settings, steps) for settings in smaller) < 0.75 * e.loss_after(present, steps)

    if not (succeeds(present.horizon) or (_fails(e, long) and succeeds(long))):
        return None
    best = min(smaller, key=lambda settings: e.loss_after(settings, long))              # some rates fail late
    return _rate(e, present, best, "large")


def learning_rate_small(e: Evidence) -> Finding | None:
    """Trials of 24 and 100 steps fail and the loss hardly changes, and at a hundred times the rate it comes down.

    Recommended is the smallest rate that does nine tenths of the best one's work.
    """
    if e.settings is None or e.learned or not _fails(e):
        return None
    settings, steps = e.settings.at_peak(), max(LONG_STEPS, e.settings.horizon)
    still = 0.9 < e.loss_after(settings) / e.snapshot.loss_value < 1.05
    if not still or not _fails(e, steps) or e.best_larger_factor < 100:
        return None
    factors = [10.0**k for k in range(1, round(math.log10(e.best_larger_factor)) + 1)]
    losses = [e.loss_after(settings.times(factor), steps) for factor in factors]
    if not min(losses) < 0.8 * e.loss_after(settings, steps):
        return None
    enough = min(losses) + 0.1 * (e.snapshot.loss_value - min(losses))
    factor = next(factor for factor, value in zip(factors, losses, strict=True) if value <= enough)
    return _rate(e, e.settings, e.settings.times(factor), "small")


def _rate(e: Evidence, settings: Settings, best: Settings, size: str) -> Finding:
    updates = e.statistics.update[np.isfinite(e.statistics.update)]
    rate, better = settings.optimizer.learning_rate, best.optimizer.learning_rate
    numbers = {"loss": e.after, "better_factor": better / rate, "better_loss": e.loss_after(best),
               "update": float(updates.max(initial=0))}
    return Finding(
        f"learning_rate_{size}", (), numbers,
        f"the learning rate {rate:.3g} is far too {size}.",
        f"{_trial(e, best, f'at the rate {better:.2g}')}.",
        f"Try the rate {better:.1g}: `optimizer={optimizer_code(best.optimizer)}`.")


def _trial(e: Evidence, changed: Settings, how: str) -> str:
    assert e.settings is not None
    return (f"{e.settings.horizon} trial steps take the loss from {e.snapshot.loss_value:.3g} to {e.after:.3g}, {how} "
            f"to {e.loss_after(changed):.3g}")


def overfitting(e: Evidence) -> Finding | None:
    """The training part is learned, the validation part is not: its loss is above 70% of chance. Seeds below 1,000."""
    v, value = e.validation, e.snapshot.loss_value
    if v is None or v.chance is None or not e.learned or not v.loss_value > max(0.7 * v.chance, 2 * value):
        return None
    return Finding(
        "overfitting", (), {"loss": value, "validation_loss": v.loss_value},
        f"the loss is {value:.3g} on the training part and {v.loss_value:.3g} on the validation part, where a "
        f"constant output costs {v.chance:.3g}: overfitting.",
        "The network has memorized its training examples, with their noise, because there are few of them for so many "
        "weights.",
        "Stop when the validation loss is lowest (train anew and keep the best weights), or use more data, a smaller "
        "network, dropout or weight decay.")


