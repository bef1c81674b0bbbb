"""Errors a user can cause or meet: one sentence, with the remedy, and the command's exit status.

GatelightError
├── ConfigError          the configuration cannot be used                     exit 2
├── UsageError           the command was given something it cannot use        exit 2
├── RelayError           a relay cannot do what the configuration says        exit 2
├── DataFolderError      the data folder cannot be written                    exit 2
├── AlreadyRunning       another agent holds the lock                         exit 3
├── AgentNotRunning      no agent runs                                        exit 3
│   └── AgentUnreachable one may run, but does not answer, or is not believed exit 3
└── CouldNotFindOut      a look could not be completed                        exit 4
"""


class GatelightError(Exception):
    """A problem to be told in one sentence; `str()` is that sentence, remedy included."""

    exit_status = 1


class ConfigError(GatelightError):
    """The configuration cannot be used; the text names file, line, key, what was found and what is allowed."""

    exit_status = 2


class UsageError(GatelightError):
    """The command line asks for something that does not exist or does not fit."""

    exit_status = 2


class RelayError(GatelightError):
    """A relay cannot do what the configuration says."""

    exit_status = 2


class DataFolderError(GatelightError):
    """The data folder cannot be made, read or written."""

    exit_status = 2


class AlreadyRunning(GatelightError):
    """Another agent runs with the same data folder."""

    exit_status = 3

    @property
    def what(self) -> str:
        """What is the case, without the remedy."""
        return str(self).partition(": ")[0]


class AgentNotRunning(GatelightError):
    """No agent runs with this data folder."""

    exit_status = 3


class AgentUnreachable(AgentNotRunning):
    """An agent may run, but it does not answer, or what answers is not believed: another one must not be started."""


class CouldNotFindOut(GatelightError):
    """The world could not be read well enough to judge."""

    exit_status = 4
