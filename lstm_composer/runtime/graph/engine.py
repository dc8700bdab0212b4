"""The network on onnxruntime: one run per note, state in and state out."""

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from lstm_composer.runtime.bundle.files import Bundle
from lstm_composer.runtime.bundle.tensors import TensorCard
from lstm_composer.runtime.errors import BundleError, MissingError, RunError
from lstm_composer.runtime.graph.carried_state import Carried, State, next_of
from lstm_composer.runtime.graph.inspection import check_bundle
from lstm_composer.runtime.music.event_encoding import DELTA_END, DURATION_CLASSES, PITCHES, VELOCITY_BINS, Event
from lstm_composer.runtime.system.installation import adding
from lstm_composer.runtime.system.visible_text import visible

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_FATAL = 4
"""onnxruntime's own lines on stderr: only before a crash, since every error is raised as well."""
_LONGEST_REASON = 300
_HIGHEST = np.array([DELTA_END, PITCHES - 1, DURATION_CLASSES - 1, VELOCITY_BINS - 1])
"""Of the classes of an event."""
_DTYPES = {"int32": "tensor(int32)", "float32": "tensor(float)"}


class Step(NamedTuple):
    """What one run gives: the chosen event of each voice, how likely each choice was, and the state after it.

    Attributes:
        state: The state after the event; its `event` is the event.
        log_probability: float32 [voices, 4], nats, under the network itself (temperature 1, nothing forbidden).

    """

    state: State
    log_probability: NDArray[np.float32]

    def event(self, voice: int = 0) -> Event:
        """Return the event of one voice.

        Raises:
            BundleError: If it is none: its numbers are no classes, or were not chosen by their likelihood.

        """
        delta, pitch, duration, velocity = self.state.event[voice].tolist()
        is_note = 0 <= delta < DELTA_END and 0 <= pitch < PITCHES and 0 <= duration < DURATION_CLASSES
        if not (delta == DELTA_END or (is_note and 0 <= velocity < VELOCITY_BINS)):
            raise _no_note([delta, pitch, duration, velocity])
        if math.isnan(sum(self.log_probability[voice].tolist())):
            raise BundleError("the network computes with what is no number: its bundle is damaged; export it again")
        return Event(delta, pitch, duration, velocity)


def _no_note(classes: Sequence[int]) -> BundleError:
    return BundleError(
        f"the network gave what is no note (classes {', '.join(map(str, classes))}): its bundle is damaged; "
        "export or download it again"
    )


class Engine:
    """A bundle, ready to run.

    Attributes:
        device: "cpu" or "cuda", what it runs on.
        carried: What the network carries from note to note.

    """

    def __init__(self, bundle: Bundle, device: str = "auto") -> None:
        """Load the graph.

        Args:
            bundle: A verified bundle.
            device: "auto" (CUDA if it works here), "cpu" or "cuda".

        Raises:
            MissingError: If CUDA is asked for and cannot be had.
            BundleError: If the graph is none that may be run, onnxruntime refuses it, or its tensors are not those of
                the bundle's card.

        """
        check_bundle(bundle)
        self.card = bundle.card
        self._session, self.device = _open_session(bundle, device)
        _check_tensors(self._session.get_inputs(), bundle.card.inputs, bundle.card.name)
        _check_tensors(self._session.get_outputs(), bundle.card.outputs, bundle.card.name)
        self._outputs = [output.name for output in bundle.card.outputs]
        self.carried = Carried(bundle.card.inputs, bundle.card.outputs)
        self._of_a_step = ["log_probability", *map(next_of, self.carried.names)]

    def start(self, voices: int = 1) -> State:
        """Return the state before the first note of a piece, on a bar line."""
        return self.carried.start(voices)

    def step(
        self,
        state: State,
        controls: Mapping[str, NDArray[Any]],
        noise: Mapping[str, NDArray[Any]],
    ) -> Step:
        """Choose the next event of every voice.

        Args:
            state: Of as many voices as `controls` and `noise` are for.
            controls: `GraphInputs.tensors()`, stacked over voices.
            noise: `gumbel_noise()`, stacked over voices.

        Raises:
            BundleError: If the network fails; on a GPU, where it need not fail the next time, a RunError.

        """
        # Nothing is made here that could have been made before: after each run of the network the processor's caches
        # hold its weights, and every line of Python costs many times what it costs in a loop of its own.
        log_probability, *carried = self._run({**controls, **noise, **state.tensors}, self._of_a_step)
        return Step(self.carried.after(carried), log_probability)

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run the graph on all its inputs as they are, and return all its outputs by name.

        Raises:
            BundleError: As `step`, and if an event is none.

        """
        found = dict(zip(self._outputs, self._run(inputs, self._outputs), strict=True))
        if "next_event" in found:
            events = found["next_event"]
            is_wrong = ((events < 0) | (events > _HIGHEST)).any(axis=-1) & (events[:, 0] != DELTA_END)
            if is_wrong.any():
                raise _no_note(events[is_wrong][0].tolist())
        return found

    def _run(self, feed: Mapping[str, NDArray[Any]], outputs: Sequence[str]) -> Any:
        try:
            return self._session.run(outputs, feed)
        except Exception as error:  # onnxruntime raises its own kinds, none of them public
            reason = f"bundle {self.card.name}: its network failed ({_first_line(error)})"
            if self.device == "cpu":  # which would compute the same once more
                raise BundleError(f"{reason}; export or download it again") from error
            raise RunError(reason) from error


def _open_session(bundle: Bundle, device: str) -> tuple[ort.InferenceSession, str]:
    if device == "cpu" or (device == "auto" and not cuda_offered()):
        return _session(bundle, "cpu"), "cpu"
    if not cuda_offered():
        raise MissingError(
            "--device cuda: this onnxruntime has no CUDA; use --device cpu, or on a machine with an NVIDIA GPU "
            f"install {adding('gpu')}"
        )
    session = _session(bundle, "cuda")
    # onnxruntime falls back to the CPU without a word in the return value if CUDA's libraries do not load.
    if _PROVIDERS["cuda"] in session.get_providers():
        return session, "cuda"
    if device == "cuda":
        raise MissingError(
            "--device cuda: no usable NVIDIA GPU or CUDA libraries on this machine; use --device cpu, or check "
            f"the driver and {adding('gpu')}"
        )
    return session, "cpu"


def cuda_offered() -> bool:
    """Tell whether this onnxruntime was built with CUDA and the machine shows an NVIDIA device."""
    return _PROVIDERS["cuda"] in ort.get_available_providers() and _nvidia_device()


def _nvidia_device() -> bool:
    import shutil  # noqa: PLC0415 - only asked where CUDA was built in

    return os.path.exists("/dev/nvidiactl") or shutil.which("nvidia-smi") is not None  # noqa: PTH110


def _session(bundle: Bundle, device: str) -> ort.InferenceSession:
    options = ort.SessionOptions()
    # More threads made the slowest notes twenty times slower, and a note has too little work to share.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL
    # A graph could keep weights in other files, by path, in whatever folder this runs in: below a device there is none.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", os.devnull)
    # Bytes that are a graph in ONNX's format can be one in onnxruntime's own as well, which nobody has looked into.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    providers = list(dict.fromkeys([_PROVIDERS[device], _PROVIDERS["cpu"]]))
    try:
        return ort.InferenceSession(bundle.onnx, options, providers=providers)
    except Exception as error:  # onnxruntime raises its own kinds, none of them public
        raise BundleError(
            f"bundle {bundle.card.name}: onnxruntime cannot load its graph ({_first_line(error)})"
        ) from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return visible(lines[0][:_LONGEST_REASON]) if lines else type(error).__name__


def _check_tensors(found: Sequence[Any], cards: Sequence[TensorCard], name: str) -> None:
    """Refuse a graph whose weights were made for another vocabulary than the card says."""
    shapes = {tensor.name: (tensor.type, list(tensor.shape)) for tensor in found}
    unknown = shapes.keys() - {card.name for card in cards}
    if unknown:
        raise BundleError(f"bundle {name}: its graph has tensors that its card lacks ({', '.join(sorted(unknown))})")
    for card in cards:
        wanted = (_DTYPES[card.dtype], list(card.shape))
        if shapes.get(card.name) != wanted:
            raise BundleError(
                f"bundle {name}: tensor {card.name} is {shapes.get(card.name, 'not there')} in the graph, but its card "
                f"says {wanted}: the vocabulary does not match the weights; export the model again"
            )
