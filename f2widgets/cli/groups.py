"""Groups of commands that name the near one when a word is none of theirs."""

from __future__ import annotations

import click


class Group(click.Group):
    """A group whose error about an unknown command suggests those that are spelled alike."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first word names.

        Parameters
        ----------
        ctx : click.Context
            Where the group was called.
        args : list of str
            The words behind it.

        Returns
        -------
        tuple
            Name, command and the words behind that.

        Raises
        ------
        click.UsageError
            If there is no such command, with the near ones.
        """
        word, known = args[0], self.list_commands(ctx)
        if word in known or word.startswith("-"):
            return super().resolve_command(ctx, args)
        from f2widgets.recipes.parameters import near

        raise click.UsageError(f"{ctx.command_path} has no command {word!r}{near(word, known)}", ctx)
