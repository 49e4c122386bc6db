"""What the model learns from: each sentence once, every intent and response in use, nothing held out seen."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.settings import PROJECT_ROOT
from knowledge.content_files import load_content
from knowledge.text import fold

NLU_FILES = sorted((PROJECT_ROOT / "nlu_data" / "nlu").glob("*.yml"))
EVALUATION_FILES = sorted(
    path
    for path in (PROJECT_ROOT / "nlu_data" / "evaluation").glob("*.jsonl")
    # Expressions of time measure the grammar of dates, which is not trained.
    if path.name != "dates.jsonl"
)
STORY_FILES = sorted((PROJECT_ROOT / "tests" / "dialogue").glob("test_*.yml"))
MIN_EXAMPLES = 40
DANGERS = {"violenza-donne", "suicidio", "emergenza"}
"""Topics answered with emergency numbers, not from a record."""

ENTITY_ANNOTATION = re.compile(r"\[[^\]]*\]\s?[({]")


@dataclass(frozen=True)
class Block:
    """Examples of one intent and topic in one file."""

    file: str
    intent: str
    topic: str
    examples: tuple[str, ...]

    @property
    def label(self) -> tuple[str, str]:
        return self.intent, self.topic


@lru_cache(maxsize=1)
def blocks() -> tuple[Block, ...]:
    found = []
    for path in NLU_FILES:
        for entry in _yaml(path)["nlu"]:
            if "intent" not in entry:
                continue
            topic = (entry.get("metadata") or {}).get("topic", "")
            lines = entry["examples"].splitlines()
            examples = tuple(line.removeprefix("- ") for line in lines if line.strip())
            found.append(Block(path.name, entry["intent"], topic, examples))
    return tuple(found)


def _yaml(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def _declared(key: str) -> set[str]:
    """Names under ``key`` of all domain and response files."""
    names: set[str] = set()
    folders = [PROJECT_ROOT / "domain", PROJECT_ROOT / "nlu_data" / "responses"]
    for path in [
        PROJECT_ROOT / "domain.yml",
        *(p for f in folders for p in sorted(f.glob("*.yml"))),
    ]:
        entries = _yaml(path).get(key) or []
        names.update(
            name for entry in entries for name in ([entry] if isinstance(entry, str) else entry)
        )
    return names


def _forms() -> dict[str, Any]:
    """Forms of all domain files."""
    files = sorted((PROJECT_ROOT / "domain").glob("*.yml"))
    return {name: data for path in files for name, data in (_yaml(path).get("forms") or {}).items()}


def _rule_steps(key: str, *, always: bool = False) -> list[str]:
    """Values of every ``key`` step of the rules, with repetitions; ``always``: only of rules without a condition.

    A form that is over at once has a second rule for what begins it: that is not counted.
    """
    steps = []
    for path in sorted((PROJECT_ROOT / "nlu_data" / "rules").glob("*.yml")):
        for rule in _yaml(path).get("rules", []):
            if always and ("condition" in rule or {"active_loop": None} in rule["steps"]):
                continue
            flat = [one for step in rule["steps"] for one in step.get("or", [step])]
            steps += [step[key] for step in flat if key in step]
    return steps


def _taught() -> dict[str, Block]:
    return {fold(example): block for block in blocks() for example in block.examples}


def _held_out() -> Iterator[str]:
    for path in EVALUATION_FILES:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield json.loads(line)["text"]


def _story_steps() -> Iterator[dict[str, Any]]:
    for path in STORY_FILES:
        for story in _yaml(path)["stories"]:
            yield from (step for step in story["steps"] if "user" in step)


def test_no_example_belongs_to_two_intents_or_two_topics() -> None:
    """T69: capitals, accents and punctuation do not make two examples different."""
    owners: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for block in blocks():
        for example in block.examples:
            owners[fold(example)].add(block.label)
    assert {text: labels for text, labels in owners.items() if len(labels) > 1} == {}


def test_every_intent_has_enough_examples() -> None:
    counts = Counter(dict.fromkeys(_declared("intents"), 0))
    for block in blocks():
        counts[block.intent] += len(block.examples)
    assert {name: n for name, n in counts.items() if n < MIN_EXAMPLES} == {}


def test_every_intent_is_declared_taught_and_ruled() -> None:
    """T69: Rasa accepts an unused intent in silence."""
    declared = _declared("intents")
    ruled = set(_rule_steps("intent"))
    assert {block.intent for block in blocks()} == declared
    assert ruled - {"nlu_fallback"} == declared
    assert "nlu_fallback" in ruled


def test_one_rule_each_decides_what_an_intent_does() -> None:
    counts = Counter(_rule_steps("intent", always=True))
    assert {name: n for name, n in counts.items() if n > 1} == {}


def test_every_response_and_every_action_is_used_by_a_rule() -> None:
    """T69: what no rule reaches, nobody reads."""
    used = set(_rule_steps("action"))
    forms = _forms().items()
    of_forms = {f"validate_{form}" for form, _ in forms} | {
        f"action_ask_{form}_{slot}" for form, data in forms for slot in data["required_slots"]
    }
    acted = {n for n in used if n.startswith("action_")} - {"action_deactivate_loop"}
    assert {n for n in used if n.startswith("utter_")} == _declared("responses")
    assert acted | (of_forms & _declared("actions")) == _declared("actions")


def test_no_held_out_question_was_trained_on() -> None:
    """T69: an evaluation text that the model has seen measures memory."""
    taught = _taught()
    assert EVALUATION_FILES
    seen = {text: taught[fold(text)].label for text in _held_out() if fold(text) in taught}
    assert seen == {}


def test_test_stories_use_sentences_that_were_not_trained_on() -> None:
    taught = _taught()
    annotation = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")
    plain = [annotation.sub(r"\1", step["user"]).strip() for step in _story_steps()]
    assert len(plain) > 30
    assert [text for text in plain if fold(text) in taught] == []


def test_every_intent_has_a_test_story() -> None:
    told = {step["intent"] for step in _story_steps()}
    assert told == _declared("intents") | {"nlu_fallback"}


def test_topics_are_records_and_every_record_is_a_topic() -> None:
    topics = {block.topic for block in blocks() if block.topic}
    assert topics == set(load_content().records) | DANGERS


def test_each_family_lives_in_one_file() -> None:
    files: dict[tuple[str, str], list[str]] = defaultdict(list)
    for block in blocks():
        files[block.label].append(block.file)
    assert {label: names for label, names in files.items() if len(names) > 1} == {}


def test_examples_are_sorted() -> None:
    """House style: sorted examples show a repetition, and two people's additions do not collide."""
    unsorted = [
        (block.file, block.topic or block.intent)
        for block in blocks()
        if list(block.examples) != sorted(block.examples, key=_sort_key)
    ]
    assert unsorted == []


def _sort_key(example: str) -> tuple[str, str]:
    return fold(example), example


def test_examples_carry_no_entity_annotation() -> None:
    """Entities come from the gazetteers of the knowledge; an annotation would be read as text."""
    annotated = [e for block in blocks() for e in block.examples if ENTITY_ANNOTATION.search(e)]
    assert annotated == []
