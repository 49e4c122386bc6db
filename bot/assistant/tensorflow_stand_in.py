"""Keeps TensorFlow out of processes that do not use it.

Rasa imports TensorFlow for the base classes of components that we do not use. Measured on two cores: importing
``rasa.core.agent`` takes 24 s and 620 MB with it, 7 s and 190 MB without. The stand-in is an import finder that
answers ``import tensorflow`` with a package whose attributes are empty classes: enough to define subclasses, and
an error with a remedy as soon as somebody tries to use one. The stock commands (`rasa train` …) never see it.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Final

_ROOTS: Final = frozenset(
    {"tensorflow", "tensorflow_addons", "tensorflow_hub", "tensorflow_text", "keras"}
)


class _StandInMeta(type):
    def __getattr__(cls, name: str) -> Any:
        return _attribute(name)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls.__module__ == __name__:
            raise RuntimeError(
                f"TensorFlow ({cls.__name__}) is not loaded in this process: set SPORTELLO_LOAD_TENSORFLOW=true "
                "if config.yml names a component that needs it."
            )
        return super().__call__(*args, **kwargs)


def _attribute(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return _StandInMeta(name, (), {"__module__": __name__})


class _StandInModule(ModuleType):
    def __getattr__(self, name: str) -> Any:
        return _attribute(name)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] not in _ROOTS:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _StandInModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        return None


def install() -> None:
    """Answer later imports of TensorFlow with the stand-in; harmless if the real one is loaded or it is repeated."""
    if "tensorflow" in sys.modules or any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _Finder())
