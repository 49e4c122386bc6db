"""What a trained model takes from the knowledge: names of places, trades, contracts, levels and services."""

from __future__ import annotations

from typing import Any

from knowledge.content_files import Content


def gazetteer_data(content: Content) -> dict[str, Any]:
    """Names to be read in messages, as plain data: the part of the knowledge that a model depends on."""
    terms = {
        label: {term.id: term.names for term in content.gazetteers[name]}
        for label, name in (
            ("mestiere", "mestieri"),
            ("contratto", "contratti"),
            ("livello", "livelli"),
        )
    }
    terms["servizio"] = {
        record.id: record.names
        for record in content.records.values()
        if record.kind in ("service", "project", "work")
    }
    return {
        "comuni": [item.model_dump() for item in content.comuni],
        "zones": [item.model_dump() for item in content.zones],
        "outside": [item.model_dump() for item in content.outside],
        "terms": terms,
        "buttons": {record.id: record.question for record in content.records.values()},
    }
