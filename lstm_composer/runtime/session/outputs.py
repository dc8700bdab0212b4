"""The port that the music goes to, the take and what sounds, and what the user is told of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.playback.take import claim_next_take, take_folders
from lstm_composer.runtime.ports import NoMidiSystemError, NullPort, OutputPort, open_port
from lstm_composer.runtime.ports.base import OnMessage
from lstm_composer.runtime.session.settings import PlaySettings
from lstm_composer.runtime.sound.player import Player
from lstm_composer.runtime.sound.port import DELAY_SECONDS, SoundingPort, SoundPort
from lstm_composer.runtime.system.claims import Claim

Say = Callable[[str], None]
"""Told in a line what the user should know."""


@dataclass(frozen=True, slots=True)
class SessionOutputs:
    """Where the music goes. A context manager that closes the port.

    Attributes:
        port: What the messages are sent to.
        take_path: Where the take is kept; None for nowhere.
        player: What sounds here; None where nothing does.
        claim: What keeps others from the take's name, where that was chosen here.

    """

    port: OutputPort
    take_path: Path | None
    player: Player | None = None
    claim: Claim | None = None

    def set_volume(self, volume: float) -> None:
        """Set the loudness of what sounds here, 0..1; where nothing does, it is that of another program."""
        if self.player is not None:
            self.player.set_volume(volume)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.claim is not None:
            self.claim.release()
        self.port.close()


def open_outputs(settings: PlaySettings, say: Say) -> SessionOutputs:
    """Open the port and, if asked for, an audio device beside it.

    With no MIDI system at all the music sounds here, and with no audio device either it is kept in a take.
    """
    try:
        port = open_port(settings.backend, settings.port_name, _outlets(settings), say, settings.connect)
    except NoMidiSystemError as error:
        if settings.connect is not None:
            raise  # who names a port wants that one, and no other way
        say(str(error))
        return _without_midi(settings, say)
    if port.renamed is not None:
        say(f'another program is "{settings.port_name}" already: this one is "{port.renamed}"')
    player = _player(settings, port.lead_seconds, say) if settings.sound else None
    return SessionOutputs(_sounding(port, player), settings.take, player)


def _without_midi(settings: PlaySettings, say: Say) -> SessionOutputs:
    port, why = NullPort(settings.port_name), ""
    if settings.sound is not False:
        try:
            player = _open_player(settings, 0.0, say)
        except MissingError as error:
            why = f"{error}. "
        else:
            return SessionOutputs(_sounding(port, player), settings.take, player)
    claim = None if settings.take else _claimed()
    take_path = settings.take if claim is None else claim.path
    say(f"{why}Playing on in real time without sound; the music goes into {take_path}")
    return SessionOutputs(port, take_path, claim=claim)


def _claimed() -> Claim:
    """A name for the take in the present folder or, where nothing can be written there, in another."""
    claim = claim_next_take(take_folders())
    if claim is None:
        raise InputError("the music has nowhere to go: no folder here can be written to; name a file with --take")
    return claim


def _player(settings: PlaySettings, lead_seconds: float, say: Say) -> Player | None:
    """Open what sounds; None, and a line that says why, where that cannot be."""
    try:
        return _open_player(settings, 0.0 if lead_seconds else DELAY_SECONDS, say)
    except MissingError as error:
        say(f"{error}. Playing on without sound here")
        return None


def _open_player(settings: PlaySettings, delay_seconds: float, say: Say) -> Player:
    if settings.soundfont is not None:
        from lstm_composer.runtime.sound.fluidsynth import FluidSynth  # noqa: PLC0415 - loaded where it sounds only

        return FluidSynth(settings.soundfont, delay_seconds)
    from lstm_composer.runtime.sound.device import SoundCard  # noqa: PLC0415 - the same

    return SoundCard(settings.audio_device, delay_seconds, say)


def _sounding(port: OutputPort, player: Player | None) -> OutputPort:
    """Return the port that sounds beside a port, or in place of one that leads nowhere."""
    if player is None:
        return port
    return SoundPort(port.name, player) if isinstance(port, NullPort) else SoundingPort(port, player)


def _outlets(settings: PlaySettings) -> dict[int, str] | None:
    """Names of the voices' ports by channel, such as "LSTM Composer bach@1"; None for one port."""
    if not settings.port_per_voice:
        return None
    styles: dict[int, list[str]] = {}
    for style, channel in settings.music.voices:
        styles.setdefault(channel, []).append(style.partition(":")[0])
    return {channel: f"{settings.port_name} {'+'.join(named)}@{channel}" for channel, named in styles.items()}


def open_input(sync: str, port: OutputPort, on_message: OnMessage, say: Say) -> None:
    """Open the port's input, for the parameters and, unless nobody else may set the time, for a clock.

    Raises:
        MissingError: If there is none, and the clock alone is to set the time.

    """
    try:
        name = port.listen(on_message)
    except MissingError:
        if sync == "midi":
            raise
        return
    says = {"midi": "waits for a MIDI clock", "auto": "follows a MIDI clock"}.get(sync, "is steered by controllers")
    say(f'{says} sent to "{name}"')
