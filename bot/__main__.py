"""The `sportello` command."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Annotated, Any

import typer

from bot.commands import appointments, conversations, demo, evaluate, knowledge, staff
from bot.commands.common import console, errors, prepared_settings
from bot.errors import SportelloError

app = typer.Typer(
    name="sportello",
    help="L'assistente dell'URP: avvialo, allenalo, parlaci, misuralo.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(staff.app, name="staff")
app.add_typer(demo.app, name="demo")
app.add_typer(evaluate.app)
app.add_typer(knowledge.app, name="knowledge")
app.add_typer(appointments.app, name="appointments")
app.add_typer(conversations.app, name="conversations")


@app.command(help="Avvia il servizio: pagina con la chat, porta REST, stato. Si ferma con Ctrl-C.")
def serve() -> None:
    settings = prepared_settings(quiet=False)
    from bot.server import run_server

    raise typer.Exit(run_server(settings, console))


@app.command(
    help="Allena il modello, se è cambiato qualcosa. Un servizio già avviato lo prende da solo."
)
def train(
    force: Annotated[bool, typer.Option(help="Allena anche se non è cambiato niente.")] = False,
) -> None:
    settings = prepared_settings()
    from bot.assistant.service import announce
    from bot.assistant.training import ensure_model, model_path

    path = model_path(settings.models_dir)
    if force:
        path.unlink(missing_ok=True)
    if path.exists():
        console.print(f"Il modello {path.name} è già pronto: niente da allenare.")
    else:
        ensure_model(settings.models_dir)
        console.print(f"Modello pronto: {path}")
    announce(path)


@app.command(help="Fai una domanda e leggi la risposta.")
def ask(
    question: Annotated[str, typer.Argument(help="La domanda, tra virgolette.")],
    as_json: Annotated[bool, typer.Option("--json", help="Stampa la risposta come JSON.")] = False,
) -> None:
    settings = prepared_settings()
    from bot.terminal import ask_once

    messages = asyncio.run(ask_once(settings, question))
    if as_json:
        print(json.dumps(messages, ensure_ascii=False, indent=2))
        return
    for message in messages:
        _show(message)


@app.command(
    help="Parla con l'assistente nel terminale. I pulsanti si scelgono con il numero; si esce con Ctrl-D."
)
def chat() -> None:
    settings = prepared_settings()
    from bot.terminal import chat_in_terminal

    asyncio.run(chat_in_terminal(settings, _show, console))


def _show(message: dict[str, Any]) -> None:
    console.print(message.get("text", ""), markup=False, highlight=False)
    for number, button in enumerate(message.get("buttons", ()), 1):
        console.print(f"  {number}. {button['title']}", style="cyan", markup=False, highlight=False)


def main() -> None:
    """Entry point: errors of ours are a sentence and exit code 1, never a stack trace."""
    try:
        app()
    except SportelloError as error:
        errors.print(f"[red]Errore:[/red] {error}", highlight=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
