"""What becomes of errors on the command line: one paragraph on stderr and an exit status, never a traceback."""

from __future__ import annotations

import os
import warnings
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from convoscope.errors import ConvoscopeError, ConvoscopeWarning
from convoscope.names import lines_for_terminal
from convoscope.streams import standard_error, standard_output
from convoscope.wording import clause

FAILED, INTERRUPTED = 1, 130


class _WithExamples:
    """A command whose epilog is a list of examples, one a line, each printed as it can be typed."""

    epilog: str | None

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help, and the examples below it."""
        from rich.text import Text

        from convoscope.cli.console import results

        examples, self.epilog = self.epilog, None
        super().format_help(ctx, formatter)  # type: ignore[misc]
        console = results()
        console.print(" Examples", style="bold")
        for example in (examples or "").splitlines():
            console.print(Text(f"   {example}", "cyan", no_wrap=True), soft_wrap=True)
        console.print()


class FriendlyCommand(_WithExamples, TyperCommand):
    """A command whose help ends with examples."""


class FriendlyGroup(_WithExamples, TyperGroup):
    """The command with its commands, whose errors are for people to read."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command, and turn what it raises into a message and an exit status."""
        show_all = bool(ctx.params.get("traceback"))
        original = warnings.showwarning
        if not show_all:
            warnings.showwarning = _show_warning
        try:
            return super().invoke(ctx)
        except (ConvoscopeError, ConvoscopeWarning) as error:
            _unless(show_all)
            fail(str(error))
        except KeyboardInterrupt:
            say("Interrupted.")
            raise typer.Exit(INTERRUPTED) from None
        except MemoryError:
            _unless(show_all)
            fail("Out of memory. Try a smaller --batch-size or fewer filters.")
        except OSError as error:
            _unless(show_all)
            if not error.filename and _is_nowhere():
                fail("The current folder has been deleted. Change to another folder and try again.")
            place = f"{error.filename}: " if error.filename else ""
            fail(f"{place}{error.strerror or error}.")
        except Exception as error:
            if show_all or _is_usage(error):
                raise
            fail(
                f"This is a bug in Convoscope, not your mistake: {type(error).__name__}: {clause(error)}. Please "
                "report it, with what 'convoscope --traceback ...' prints for the same command."
            )
        finally:
            warnings.showwarning = original


def say(message: str, *, title: str = "", style: str = "bold red") -> None:
    """Print a paragraph on stderr with a coloured title before it; control codes in it are shown, not obeyed."""
    from rich.text import Text

    from convoscope.cli.console import messages

    console = messages()
    shown = lines_for_terminal(message)
    console.print(Text.assemble((title, style), shown), soft_wrap=True)


def complain(message: str) -> None:
    """Print an error on stderr."""
    say(message, title="Error: ")


def fail(message: str) -> NoReturn:
    """Print an error on stderr and end with status 1."""
    complain(message)
    raise typer.Exit(FAILED)


def status_with_output(status: str | int | None) -> str | int | None:
    """Return the status to end with: a failure, too, if what was found could not be printed.

    A reader that is gone had seen enough (``| head``): it is told nothing more. Nobody has to read messages.
    """
    output = standard_output()
    output.settle()
    if output.failure is not None:
        if not isinstance(output.failure, BrokenPipeError):
            reason = getattr(output.failure, "strerror", None) or output.failure
            complain(f"Standard output cannot be written to: {reason}.")
        status = status or FAILED
    standard_error().settle()
    return status


def _is_nowhere() -> bool:
    try:
        os.getcwd()
    except OSError:
        return True
    return False


def _unless(show_all: bool) -> None:
    """Within an ``except``: let the error through as it is if that was asked for."""
    if show_all:
        raise


def _is_usage(error: Exception) -> bool:
    # Exits and errors of usage are typer's own to show, with status 2. Their classes have moved between its versions.
    return hasattr(error, "exit_code")


def _show_warning(message: Warning | str, category: type[Warning], *args: Any, **options: Any) -> None:
    say(str(message), title="Note: ", style="bold yellow")
