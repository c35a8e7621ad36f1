"""How alike two sets of samples are: the Kolmogorov-Smirnov similarity of the paper's Fig. 3."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def ks_similarity(generated: npt.NDArray[np.floating], known: npt.NDArray[np.floating]) -> float:
    """1 - D, with D the two-sample Kolmogorov-Smirnov statistic: the largest gap between two distributions.

    The paper compares the generated part of x_t with the known audio noised to the same level. The p-value
    that goes with D assumes independent samples, which audio has not, so only D means something here.

    Args:
        generated: samples, flattened; at least one, all finite.
        known: the same; the lengths may differ.

    Returns:
        0 (nothing in common) to 1 (same distribution).

    Raises:
        ValueError: no samples, or samples that are not numbers.
    """
    first = np.sort(np.ravel(generated))
    second = np.sort(np.ravel(known))
    if not first.size or not second.size:
        raise ValueError("both parts need at least one sample to be compared")
    if not (np.isfinite(first[[0, -1]]).all() and np.isfinite(second[[0, -1]]).all()):  # NaN sorts to the end
        raise ValueError("samples that are not numbers can't be compared")
    # A gap can only be largest at a sample, just after both distributions have stepped there.
    points = np.concatenate([first, second])
    below_first = np.searchsorted(first, points, side="right") / first.size
    below_second = np.searchsorted(second, points, side="right") / second.size
    return float(1.0 - np.abs(below_first - below_second).max())
