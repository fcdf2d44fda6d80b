"""Which model a request is for, by the name in it."""

from typing import TYPE_CHECKING, NamedTuple

from osler.serve.refusal import RefusedError

if TYPE_CHECKING:
    from osler.serve.state import State
    from osler.tasks.model import Model

__all__ = ["Named", "check_name", "models_of", "named"]


class Named(NamedTuple):
    """A model and how clients call it."""

    name: str
    model: "Model"


def models_of(state: "State") -> list[Named]:
    """All that answer: the model, then each of its adapters under its own name."""
    return [Named(state.name, state.model), *(Named(name, state.model.adapted(name)) for name in state.model.adapters)]


def named(state: "State", name: str | None) -> Named:
    """The model that a request asks for; the first one where it names none.

    A server of one model answers by whatever name it is called, because clients have names of their own in them.
    One that has adapters does not: an answer of another model than was asked for would look like any other.

    Raises:
        RefusedError: there is none of that name.
    """
    check_name(state.model, state.name, name)
    if name in state.model.adapters:
        return Named(name, state.model.adapted(name))
    return Named(state.name, state.model)


def check_name(model: "Model", own: str, name: str | None) -> None:
    """Refuse a name that none of a server's models has.

    Args:
        own: how clients call the model without an adapter.

    Raises:
        RefusedError: as a client of OpenAI's expects it.
    """
    if name and model.adapters and name != own and name not in model.adapters:
        names = ", ".join(f"`{one}`" for one in (own, *model.adapters))
        raise RefusedError(
            404, f"there is no model `{name[:64]}`; there are {names}", code="model_not_found", param="model"
        )
