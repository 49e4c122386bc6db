"""The other side of the bench: a stock Rasa project with our examples of 15 intents, trained in a folder of its own."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import yaml

from bot.settings import PROJECT_ROOT

INTENTS: Final = (
    "greet",
    "goodbye",
    "thank",
    "affirm",
    "deny",
    "ask_identity",
    "ask_urp_hours",
    "ask_urp_contacts",
    "ask_urp_reception",
    "ask_zone_of_comune",
    "ask_comuni_of_zone",
    "ask_comune",
    "search_job_offers",
    "request_operator",
    "off_topic",
)

_CONFIG: Final = """
recipe: default.v1
assistant_id: stock
language: it
pipeline:
  - name: WhitespaceTokenizer
  - name: RegexFeaturizer
  - name: LexicalSyntacticFeaturizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: DIETClassifier
    epochs: 5
policies:
  - name: RulePolicy
  - name: MemoizationPolicy
  - name: TEDPolicy
    epochs: 1
"""
"""Few epochs: training is shorter, the time of an answer is the same."""


def write_project(folder: Path) -> Path:
    """A project for `rasa train` and `rasa run`: one rule and one response for each intent."""
    folder.mkdir(parents=True)
    (folder / "config.yml").write_text(_CONFIG, encoding="utf-8")
    (folder / "credentials.yml").write_text("rest:\n", encoding="utf-8")
    (folder / "endpoints.yml").write_text("tracker_store:\n  type: InMemory\n", encoding="utf-8")
    responses = {f"utter_{name}": [{"text": f"Risposta: {name}."}] for name in INTENTS}
    _write(folder / "domain.yml", {"intents": list(INTENTS), "responses": responses})
    data = folder / "data"
    data.mkdir()
    steps = {name: [{"intent": name}, {"action": f"utter_{name}"}] for name in INTENTS}
    _write(data / "rules.yml", {"rules": [{"rule": n, "steps": s} for n, s in steps.items()]})
    # TEDPolicy learns from stories only; without one it would not run at all.
    talk = steps["greet"] + steps["ask_urp_hours"] + steps["thank"] + steps["goodbye"]
    _write(data / "stories.yml", {"stories": [{"story": "a talk", "steps": talk}]})
    nlu = [
        {"intent": name, "examples": "".join(f"- {example}\n" for example in examples)}
        for name, examples in _examples().items()
    ]
    _write(data / "nlu.yml", {"nlu": nlu})
    return folder


def questions() -> list[str]:
    """Held-out questions of the intents that both sides know."""
    path = PROJECT_ROOT / "nlu_data" / "evaluation" / "questions.jsonl"
    cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return [case["text"] for case in cases if case["intent"] in INTENTS]


def _examples() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((PROJECT_ROOT / "nlu_data" / "nlu").glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            if block.get("intent") in INTENTS:
                lines = block["examples"].splitlines()
                found[block["intent"]] += [line.removeprefix("- ") for line in lines]
    return found


def _write(path: Path, content: dict[str, Any]) -> None:
    text = yaml.safe_dump({"version": "3.1", **content}, allow_unicode=True, sort_keys=False)
    path.write_text(text, encoding="utf-8")
