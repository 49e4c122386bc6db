"""A complete content folder of a few lines, for tests that break it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SMALL_CONTENT: Final[dict[str, str]] = {
    "sources.yml": """\
SCHEDA:
  title: Scheda del servizio
  reference: pagina di prova
  date: '2024-07-25'
""",
    "services/caldaie.yml": """\
id: caldaie
kind: service
title: Caldaie e bollino
names: [caldaie, bollino]
level: metropolitano
body: Città metropolitana di Milano
summary:
  text: Gli impianti termici vanno controllati e dichiarati ogni due anni.
  source: SCHEDA
facts:
  - id: costo
    facet: cost
    ask: [quanto costa il bollino, prezzo della dichiarazione]
    text: >-
      Il contributo costa quanto indicato nella "tabella" della scheda.
    source: SCHEDA
    status: to_confirm
  - id: a-legnano
    facet: where
    ask: [dove si va a Rho]
    text: "A Rho si va allo sportello: prima si telefona."
    source: SCHEDA
    places: [Rho, zona:nord-ovest]
next: [orari]
verified_on: 2026-11-02
verified_by: Ufficio prova
""",
    "offices/orari.yml": """\
id: orari
kind: office
title: Orari
names: [orari]
level: metropolitano
body: Ufficio
summary: {text: "Gli orari sono nella tabella.", source: SCHEDA}
""",
    "comuni.yml": """\
comuni:
  - {istat: "015146", name: Milano, zone: "", cap: 20121-20162, belfiore: F205, population: 1397715}
  - {istat: "015182", name: Rho, zone: nord-ovest, cap: "20017", belfiore: H264, population: 49609}
""",
    "zones.yml": """\
zones:
  - {id: nord-ovest, name: Nord Ovest, municipalities: 16, inhabitants: 315749, km2: 135.82, source: SCHEDA, names: [rhodense]}
""",
    "gazetteers/outside.yml": """\
provinces:
  - {province: Monza e Brianza, towns: [Monza]}
""",
    "gazetteers/mestieri.yml": "- {id: barista, names: [barista, barman]}\n",
    "gazetteers/contratti.yml": "- {id: part-time, names: [part time]}\n",
    "gazetteers/livelli.yml": "- {id: comunale, names: [comune]}\n",
    "offers/prova.yml": """\
- codice: ES-001
  titolo: Barista
  mestiere: barista
  comune: Rho
  contratto: [part-time]
  pubblicata: 2026-11-03
  scade: 2027-01-15
  sample: true
""",
    "hours.yml": """\
offices:
  - id: urp-telefono
    name: Numero verde
    contact: 800.88.33.11
    source: SCHEDA
    weekly: {monday: ["10:00-12:00"]}
closures:
  - {first: 2026-12-24, last: 2026-12-31, reason: Chiusura natalizia}
unconfirmed_closures: ["12-07"]
""",
}
RECORD: Final = "services/caldaie.yml"


def write_small_content(folder: Path) -> Path:
    """Write the small content into ``folder``; returns the folder."""
    for name, text in SMALL_CONTENT.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
