"""Groups of the `sportello` command, one module per group (a typer application that `bot.__main__` adds).

May import everything but `bot.__main__`; texts are Italian, `--json` output has stable documented fields.
"""
