"""Rasa's rule policy that remembers which rules fit which states.

Matching every rule against every state is a third of the cost of a message, and grows with the number of rules.
Once trained, the answer depends on the states alone.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any, Final

from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage

_REMEMBERED: Final = 2_048
"""State sequences kept; a dialogue of single-turn rules needs a few hundred."""


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class CachedRulePolicy(RulePolicy):
    """RulePolicy with a cache in front of its rule matching."""

    _cache: OrderedDict[tuple[int, str], frozenset[str]] | None = None

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> CachedRulePolicy:
        """Rasa's constructor for serving: from here on the rules stay as they are."""
        policy: CachedRulePolicy = super().load(
            config, model_storage, resource, execution_context, **kwargs
        )
        policy._cache = OrderedDict()
        return policy

    def _get_possible_keys(self, lookup: dict[str, str], states: list[Any]) -> set[str]:
        if self._cache is None:
            return set(super()._get_possible_keys(lookup, states))
        key = (id(lookup), json.dumps(states, sort_keys=True, default=str))
        known = self._cache.get(key)
        if known is None:
            known = frozenset(super()._get_possible_keys(lookup, states))
            self._cache[key] = known
            if len(self._cache) > _REMEMBERED:
                self._cache.popitem(last=False)
        return set(known)
