"""How much speaks for a record, and how sure an answer is: two small logistic models over plain features.

Their numbers are in ``weights.json``, written by ``python -m bot.commands.calibrate`` from the questions marked
``dev`` of the evaluation sets; nobody edits them by hand.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

WEIGHTS_FILE: Final = Path(__file__).with_name("weights.json")
_BM25_HALF: Final = 14.0
"""BM25 score at which words alone count for one half."""

_LEAST_PROBABILITY: Final = 0.01
_HALF_COVERED: Final = 0.6
_LONG_QUESTION: Final = 10
"""Content words from which a question is no longer longer."""

_WORTH_A_BUTTON: Final = 0.05

Features = Mapping[str, float]


@dataclass(frozen=True)
class Weights:
    """The fitted numbers.

    ``answer_from`` is the confidence from which an answer is given as such; ``topic_from`` the support from which at
    least the topic is taken for understood; ``ask_within`` the distance of two topics under which the citizen is asked
    which is meant, if the confidence were ``ask_from`` were there only one.
    """

    ranking: dict[str, float]
    confidence: dict[str, float]
    answer_from: float
    topic_from: float
    ask_within: float
    ask_from: float
    name_from: float = _WORTH_A_BUTTON


@lru_cache(maxsize=1)
def weights() -> Weights:
    """The numbers of this version."""
    return Weights(**json.loads(WEIGHTS_FILE.read_text(encoding="utf-8")))


def ranking_features(
    probability: float, bm25: float, best_bm25: float, covered: float, learnt: float
) -> dict[str, float]:
    """What speaks for one record.

    Args:
        probability: the classifier's for the topic.
        bm25: score of the record's best fact; ``best_bm25``: of the best record.
        covered: share of the question's words, by weight, that the record uses.
        learnt: share of them that the classifier has seen in examples of the topic.
    """
    return {
        "probability": probability,
        "log_probability": math.log(probability + _LEAST_PROBABILITY),
        "words": bm25 / (bm25 + _BM25_HALF),
        "words_of_best": bm25 / best_bm25 if best_bm25 else 0.0,
        "covered": max(covered, learnt),
    }


def confidence_features(
    score: float,
    margin: float,
    covered: float,
    learnt: float,
    similar: float,
    wanted: bool,
    held: bool,
    held_by_record: bool,
    one_thing: bool,
    place_unsaid: bool,
    covered_by_answer: float,
    content_words: int,
) -> dict[str, float]:
    """What speaks for the answer chosen.

    Args:
        score: linear ranking score of the record; ``margin``: its distance from the second.
        covered: as in `ranking_features`; ``learnt`` too.
        similar: of the question to the most similar way of asking that the record lists.
        wanted: the question wants one kind of thing; ``held``: the answer's text has one;
            ``held_by_record``: the record has one anywhere.
        one_thing: the question names the one thing it wants.
        place_unsaid: it names a municipality that the answer does not speak of.
        covered_by_answer: share of the question's words that the answer itself uses.
        content_words: of the question; a long one tells much that no record repeats.
    """
    return {
        "score": max(score, -6.0),
        "margin": min(margin, 6.0),
        "covered": covered,
        "learnt": learnt,
        "best_covered": max(covered, learnt),
        "similar": similar,
        "wanted_open": float(wanted) * (1.0 - max(covered_by_answer, similar)),
        "wanted_missing": float(wanted and not held),
        "wanted_nowhere": float(wanted and not held_by_record),
        "mostly_uncovered": max(0.0, _HALF_COVERED - max(covered, learnt)),
        "wanted_place_unsaid": float((wanted or one_thing) and place_unsaid),
        "one_thing_open": float(one_thing) * (1.0 - max(covered, learnt)),
        "covered_by_answer": covered_by_answer,
        "length": min(content_words, _LONG_QUESTION) / _LONG_QUESTION,
    }


def linear(numbers: Mapping[str, float], features: Features) -> float:
    """Weighted sum with the intercept (stored under "")."""
    return numbers[""] + sum(numbers[name] * value for name, value in features.items())


def probability(score: float) -> float:
    """Logistic of a linear score."""
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, score))))
