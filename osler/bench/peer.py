"""The program that Osler is compared with."""

from osler.bench.llama_binaries import FOLDER_VARIABLE, LlamaBinaries, find_programs
from osler.bench.llama_wheel import LlamaWheel, Settings
from osler.bench.material import CONTEXT
from osler.bench.subject import Subject
from osler.errors import InputError

__all__ = ["find_llama"]


def find_llama(subject: Subject, threads: int) -> LlamaBinaries | LlamaWheel:
    """llama.cpp on this machine: its own programs, else the wheel xllamacpp.

    Args:
        subject: the model that both are to run.
        threads: processor threads, the same as Osler's.

    Raises:
        InputError: it is not here, or does not read such a model.
    """
    if subject.gguf is None:
        raise InputError(
            f"cannot compare on `{subject.path.name}`: llama.cpp reads GGUF files only",
            hint="give a GGUF file, or a folder that holds one and its mmproj",
        )
    context = min(CONTEXT, subject.context_length)
    programs = find_programs()
    if programs:
        return LlamaBinaries(
            programs=programs, model=subject.gguf, projector=subject.projector, threads=threads, context=context
        )
    if not LlamaWheel.is_installed():
        raise InputError(
            f"llama.cpp is not here: no programs on the PATH, ${FOLDER_VARIABLE} is not set, and the package "
            "xllamacpp is not installed",
            hint="build llama.cpp for this processor (docs/benchmarks.md tells how) and set "
            f"{FOLDER_VARIABLE} to the folder of its programs",
        )
    projector = str(subject.projector) if subject.projector else None
    return LlamaWheel(settings=Settings(model=str(subject.gguf), projector=projector, threads=threads, context=context))
