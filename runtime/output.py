"""The port that the music goes to, what comes back through it, and what the user is told of both."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runtime.ears import Ears
from runtime.errors import MissingError
from runtime.ports import NoMidiSystemError, NullPort, OutputPort, open_port
from runtime.settings import PlaySettings
from runtime.steering.inputs import SteeringInputs
from runtime.sync.conductor import Inbox
from runtime.sync.link import Session
from runtime.take import next_take_path

Say = Callable[[str], None]
"""Told in a line what the user should know."""


@dataclass(frozen=True, slots=True)
class Output:
    """Where the music goes, and what comes back."""

    port: OutputPort
    take_path: Path | None
    ears: Ears
    link: Session | None = None
    steered_by: SteeringInputs | None = None


def open_output(settings: PlaySettings, say: Say) -> Output:
    """Open the port; with no MIDI system at all, say so and keep the music in a take."""
    try:
        port = open_port(settings.backend, settings.port_name, _outlets(settings))
    except NoMidiSystemError as error:
        take_path = settings.take or next_take_path(Path.cwd())
        say(str(error))
        say(f"Playing on in real time without sound; the music goes into {take_path}")
        return Output(NullPort(settings.port_name), take_path, Ears())
    port.on_news = say
    if port.renamed is not None:
        say(f'another program is "{settings.port_name}" already: this one is "{port.renamed}"')
    return Output(port, settings.take, Ears())


def _outlets(settings: PlaySettings) -> dict[int, str] | None:
    """Names of the voices' ports by channel, such as "LSTM Composer bach@1"; None for one port."""
    if not settings.port_per_voice:
        return None
    styles: dict[int, list[str]] = {}
    for style, channel in settings.music.voices:
        styles.setdefault(channel, []).append(style.partition(":")[0])
    return {channel: f"{settings.port_name} {'+'.join(named)}@{channel}" for channel, named in styles.items()}


def listen(sync: str, output: Output, say: Say) -> None:
    """Open the port's input, for the knobs and, unless nobody else may set the time, for a clock.

    Raises:
        MissingError: If there is none, and the clock alone is to set the time.

    """
    try:
        name = output.port.listen(output.ears.hear)
    except MissingError:
        if sync == "midi":
            raise
        return
    if sync in ("auto", "midi"):
        output.ears.inbox = Inbox()
    says = {"midi": "waits for a MIDI clock", "auto": "follows a MIDI clock"}.get(sync, "is steered by controllers")
    say(f'{says} sent to "{name}"')
