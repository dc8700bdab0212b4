"""Where the messages go: ALSA, JACK, CoreMIDI, a Windows loopback port, or nowhere."""

from lstm_composer.runtime.ports.backends import BackendStatus, available_backends, open_port
from lstm_composer.runtime.ports.base import NoMidiSystemError, OutputPort, PortLostError
from lstm_composer.runtime.ports.null import NullPort

__all__ = [
    "BackendStatus",
    "NoMidiSystemError",
    "NullPort",
    "OutputPort",
    "PortLostError",
    "available_backends",
    "open_port",
]
