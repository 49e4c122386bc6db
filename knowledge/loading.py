"""One layer into the database, with what is known about its offers, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from knowledge.offer_sources import OfferSource, forget_source, write_source
from knowledge.rows import Layer
from knowledge.store import Counted, LayerChanges, save_layer

EMPTY: Final = Layer({}, {})


def store_layer(
    connection: sa.Connection,
    origin: str,
    layer: Layer,
    now: datetime,
    *,
    replace: bool = True,
    counted: Counted = lambda _rows: None,
) -> LayerChanges:
    """Save a layer; its offers, if it has any, are current as of ``now``."""
    changes = save_layer(connection, origin, layer, replace=replace, counted=counted)
    if layer.offers:
        write_source(connection, OfferSource(origin, attempted_at=now, refreshed_at=now))
    elif replace:
        forget_source(connection, origin)
    return changes


def drop_layer(connection: sa.Connection, origin: str) -> LayerChanges:
    """Remove everything that an origin has put there."""
    changes = save_layer(connection, origin, EMPTY)
    forget_source(connection, origin)
    return changes
