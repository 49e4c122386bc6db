"""The few commands that may be typed with a slash on any channel, as the plain words that they stand for (pure).

Everything else that begins with a slash is text: Rasa would execute it as an intent.
"""

from __future__ import annotations

from typing import Final

COMMANDS: Final = {
    "/start": "Ciao",
    "/aiuto": "Che cosa sai fare?",
    "/prenota": "Vorrei prenotare un appuntamento",
    "/appuntamenti": "Vorrei vedere i miei appuntamenti",
    "/operatore": "Vorrei parlare con un operatore",
    "/privacy": "Come trattate i miei dati personali?",
    "/esporta": "Vorrei una copia dei miei dati",
    "/cancella": "Cancella i miei dati",
}


def in_words(text: str) -> str:
    """The words that a command stands for, or the text itself."""
    return COMMANDS.get(text.strip().lower(), text)
