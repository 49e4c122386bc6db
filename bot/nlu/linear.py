"""The numbers of the classifier: a linear model over sparse features, trained once, evaluated in 0.1 ms."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from knowledge.features import count_features, damped, is_piece, is_placeholder, is_word

Floats = npt.NDArray[np.float32]

_MIN_DOCUMENTS: Final = 2
"""A feature seen in one text only teaches that text by heart."""

_HOLD_OUT: Final = 4
"""One example in so many calibrates the confidence."""
_REGULARISATION: Final = 1.0
_SPEAKS_FOR: Final = 0.03
"""Weight from which a word counts as typical of a label; below it is rounding."""

_TEMPERATURES: Final = np.geomspace(0.05, 1.5, 36)


@dataclass(frozen=True)
class LinearModel:
    """Weights of every class over every feature; ``scale`` turns scores into calibrated probabilities."""

    labels: tuple[str, ...]
    vocabulary: dict[str, int]
    idf: Floats
    weights: Floats
    bias: Floats
    scale: float

    def probabilities(self, words: Sequence[str]) -> Floats:
        """Calibrated probability of each label."""
        index, values = vector(words, self.vocabulary, self.idf)
        scores = values @ self.weights[index] + self.bias if len(index) else self.bias
        return softmax(scores / self.scale)

    def known_share(self, words: Sequence[str]) -> float:
        """Share of the words of three letters or more that were seen in training (1.0 if there is none)."""
        longer = [word for word in words if len(word) > 2 and not is_placeholder(word)]
        if not longer:
            return 1.0
        return sum("w:" + word in self.vocabulary for word in longer) / len(longer)

    def learnt_share(self, words: Sequence[str], label: int) -> float:
        """Share of these words, by weight, that speak for a label: seen in its examples, not only elsewhere."""
        total = found = 0.0
        rarest = float(self.idf.max())
        for word in words:
            at = self.vocabulary.get("w:" + word)
            weight = rarest if at is None else float(self.idf[at])
            total += weight
            if at is not None and self.weights[at, label] > _SPEAKS_FOR:
                found += weight
        return found / total if total else 1.0


def vector(
    words: Sequence[str], vocabulary: dict[str, int], idf: Floats
) -> tuple[npt.NDArray[np.int64], Floats]:
    """TF-IDF vector of a text: whole words and pieces of words are scaled to length 1 apart."""
    index: list[int] = []
    values: list[float] = []
    pieces: list[bool] = []
    for feature, count in count_features(words).items():
        at = vocabulary.get(feature)
        if at is not None:
            index.append(at)
            values.append(damped(count))
            pieces.append(is_piece(feature))
    positions = np.array(index, dtype=np.int64)
    weighed = np.array(values, dtype=np.float32) * idf[positions]
    piece = np.array(pieces, dtype=bool)
    for group in (piece, ~piece):
        norm = float(np.sqrt(np.square(weighed[group]).sum()))
        if norm:
            weighed[group] /= norm
    return positions, weighed


def softmax(scores: Floats) -> Floats:
    """Probabilities from scores, safe against overflow."""
    raised = np.exp(scores - scores.max())
    return np.asarray(raised / raised.sum(), dtype=np.float32)


def train(
    texts: Sequence[Sequence[str]], labels: Sequence[str], groups: Sequence[int]
) -> LinearModel:
    """Fit the model and calibrate it on texts it has not seen.

    Args:
        texts: words of each example, noisy copies included.
        labels: label of each example.
        groups: original example each text comes from: copies never sit on both sides of a fold.
    """
    vocabulary, idf = _vocabulary(texts)
    matrix = _matrix(texts, vocabulary, idf)
    names = tuple(sorted(set(labels)))
    target = np.array([names.index(label) for label in labels])
    scale = _calibrate(matrix, target, np.array(groups), len(names))
    weights, bias = _fit(matrix, target, len(names))
    return LinearModel(names, vocabulary, idf, weights, bias, scale)


def _vocabulary(texts: Iterable[Sequence[str]]) -> tuple[dict[str, int], Floats]:
    documents: Counter[str] = Counter()
    total = 0
    for words in texts:
        documents.update(count_features(words).keys())
        total += 1
    kept = sorted(f for f, n in documents.items() if n >= _MIN_DOCUMENTS or is_word(f))
    idf = [math.log((1 + total) / (1 + documents[f])) + 1.0 for f in kept]
    return {f: i for i, f in enumerate(kept)}, np.array(idf, dtype=np.float32)


def _matrix(texts: Sequence[Sequence[str]], vocabulary: dict[str, int], idf: Floats):  # type: ignore[no-untyped-def]
    from scipy.sparse import csr_matrix

    rows, columns, values = [], [], []
    for row, words in enumerate(texts):
        index, scaled = vector(words, vocabulary, idf)
        rows.append(np.full(len(index), row))
        columns.append(index)
        values.append(scaled)
    shape = (len(texts), len(vocabulary))
    return csr_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=shape
    )


def _fit(matrix, target, classes: int) -> tuple[Floats, Floats]:  # type: ignore[no-untyped-def]
    from sklearn.svm import LinearSVC

    model = LinearSVC(C=_REGULARISATION, class_weight="balanced", random_state=0)
    model.fit(matrix, target)
    weights = np.zeros((matrix.shape[1], classes), dtype=np.float32)
    bias = np.full(classes, -1.0, dtype=np.float32)
    for row, label in enumerate(model.classes_):
        weights[:, label] = model.coef_[row]
        bias[label] = model.intercept_[row]
    return weights, bias


def _calibrate(matrix, target, groups, classes: int) -> float:  # type: ignore[no-untyped-def]
    """The softmax temperature under which held-out texts are least surprising."""
    held_out = groups % _HOLD_OUT == 0
    weights, bias = _fit(matrix[~held_out], target[~held_out], classes)
    scores = matrix[held_out] @ weights + bias
    target = target[held_out]
    rows = np.arange(len(target))

    def surprise(temperature: float) -> float:
        scaled = scores / temperature
        peak = scaled.max(axis=1, keepdims=True)
        logs = scaled - peak - np.log(np.exp(scaled - peak).sum(axis=1, keepdims=True))
        return float(-logs[rows, target].mean())

    return float(min(_TEMPERATURES, key=surprise))
