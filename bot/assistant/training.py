"""Training, once per content of its inputs: the model file is named by the hash of what it was trained on.

Run as a module it trains in a process of its own, so that a serving process neither waits nor grows.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final

from bot.errors import ModelError
from bot.nlu.gazetteers import gazetteer_data
from bot.settings import PROJECT_ROOT
from knowledge.content_files import load_content

_INPUT_FOLDERS: Final = ("domain", "nlu_data", "bot/nlu")
_INPUT_FILES: Final = (
    "config.yml",
    "domain.yml",
    "knowledge/features.py",
    "knowledge/text.py",
    "knowledge/places.py",
    "knowledge/words.py",
    "bot/assistant/training.py",
)
_LIBRARIES: Final = ("rasa", "spacy", "scikit-learn", "numpy")
_NOT_TRAINED_ON: Final = ("nlu_data/evaluation",)
_TRAINING_TIMEOUT_S: Final = 1_800


def inputs_hash(root: Path = PROJECT_ROOT) -> str:
    """Hash of everything that decides what a trained model does."""
    digest = hashlib.sha256()
    for library in _LIBRARIES:
        digest.update(f"{library}={version(library)};".encode())
    names = gazetteer_data(load_content(root / "knowledge" / "content"))
    digest.update(json.dumps(names, sort_keys=True, ensure_ascii=False).encode())
    for path in _input_files(root):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


def _input_files(root: Path) -> Iterator[Path]:
    for name in _INPUT_FILES:
        yield root / name
    for folder in _INPUT_FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            relative = str(path.relative_to(root))
            if path.suffix in (".yml", ".py", ".json") and not relative.startswith(_NOT_TRAINED_ON):
                yield path


def model_path(models_dir: Path) -> Path:
    """Where the model for today's inputs is, or will be."""
    return models_dir / f"sportello-{inputs_hash()}.tar.gz"


def ensure_model(models_dir: Path, *, announce: bool = True) -> Path:
    """The model for today's inputs, trained now if there is none.

    Raises:
        ModelError: training failed; the text ends with what the training process said.
    """
    path = model_path(models_dir)
    if path.exists():
        return path
    if announce:
        print(f"==> Alleno il modello {path.name} (circa un minuto)", flush=True)
    environment = {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-W", "ignore", "-m", "bot.assistant.training", str(path)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command,
            cwd=PROJECT_ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_TRAINING_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ModelError(
            f"training took more than {_TRAINING_TIMEOUT_S} s and was stopped"
        ) from None
    if done.returncode or not path.exists():
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-12:])
        raise ModelError(f"training failed (exit {done.returncode}):\n{tail}")
    return path


def train_here(path: Path) -> None:
    """Train in this process and put the model at ``path``, whole or not at all."""
    from bot.assistant.tensorflow_stand_in import install

    install()
    from rasa.model_training import train

    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.parent / "unfinished" / str(os.getpid())
    unfinished.mkdir(parents=True, exist_ok=True)
    result = train(
        domain=str(PROJECT_ROOT / "domain.yml"),
        config=str(PROJECT_ROOT / "config.yml"),
        training_files=[str(PROJECT_ROOT / "nlu_data")],
        output=str(unfinished),
        force_training=True,
        fixed_model_name=path.name.removesuffix(".tar.gz"),
    )
    if result.code or not result.model:
        raise ModelError(f"Rasa's training ended with code {result.code}")
    Path(result.model).replace(path)
    unfinished.rmdir()


if __name__ == "__main__":
    train_here(Path(sys.argv[1]))
