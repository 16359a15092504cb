"""Unpickling that runs no code of the file's choosing.

A pickle is a program for a small stack machine. ``pickle.Unpickler`` lets it import anything and
call what it imported. ``SafeUnpickler`` knows only the instructions that build plain data, and lets
those that call or change something reach nothing but what is on the list: torch's names in
``_names``, and what the user has added with ``add_safe_globals``.
"""

from __future__ import annotations

import _compat_pickle
import contextlib
import pickle
import struct
from collections import Counter, OrderedDict
from collections.abc import Callable
from pickle import UnpicklingError
from typing import IO, Any, ClassVar

from .. import _types
from ..random import Generator
from ._names import CALLED, VALUES, set_generator

# ------------------------------------------------------------------------- what the user allows
_allowed: dict[str, Any] = {}


def _full_name(item: Any) -> str:
    return f"{item.__module__}.{item.__qualname__}"


def _named(item: Any) -> tuple[str, Any]:
    """The full name and the object of an entry of a list of safe globals."""
    if isinstance(item, tuple):
        if len(item) != 2 or not isinstance(item[1], str):
            raise ValueError(f"expected (function or class, full name), but got {item!r}")
        return item[1], item[0]
    return _full_name(item), item


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Let ``load(weights_only=True)`` call these functions, and make objects of these classes.

    Each is a function or class, or a pair of one and the full name that the file has for it.

    Source: https://docs.pytorch.org/docs/stable/notes/serialization.html
    """
    _allowed.update(_named(item) for item in safe_globals)


def get_safe_globals() -> list[Any]:
    """What was added with ``add_safe_globals``."""
    return [item if _full_name(item) == name else (item, name) for name, item in _allowed.items()]


def allowed_names() -> list[str]:
    """The full names of what was added with ``add_safe_globals``."""
    return list(_allowed)


def clear_safe_globals() -> None:
    """Forget what was added with ``add_safe_globals``."""
    _allowed.clear()


class safe_globals(contextlib.AbstractContextManager[None]):  # noqa: N801  (torch's name)
    """Adds to the safe globals inside a with-statement.

    >>> import minigrad as mg
    >>> with mg.serialization.safe_globals([slice]):
    ...     mg.serialization.get_safe_globals()
    [<class 'slice'>]
    >>> mg.serialization.get_safe_globals()
    []
    """

    def __init__(self, safe_globals: list[Any]):
        self._items = safe_globals

    def __enter__(self) -> None:
        self._before = dict(_allowed)
        add_safe_globals(self._items)

    def __exit__(self, *_: object) -> None:
        _allowed.clear()
        _allowed.update(self._before)


# ------------------------------------------------------------------------------- the unpickler
def full_name(module: str, name: str) -> str:
    """The full name of something in a file, in Python 3's spelling of the built-in ones."""
    module, name = _compat_pickle.NAME_MAPPING.get((module, name), (module, name))
    return f"{_compat_pickle.IMPORT_MAPPING.get(module, module)}.{name}"


# These only move things on the stack, or put plain data there.
_PLAIN = (
    *("PROTO", "FRAME", "STOP", "MARK", "POP", "POP_MARK", "DUP"),
    *("NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT"),
    *("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "SHORT_BINSTRING", "BINSTRING"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
    *("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "LIST"),
    *("EMPTY_DICT", "DICT", "EMPTY_SET", "FROZENSET"),
    *("BINGET", "LONG_BINGET", "BINPUT", "LONG_BINPUT", "MEMOIZE"),
    # Which names may be had, ``find_class`` says, and which storages, ``persistent_load``.
    *("GLOBAL", "STACK_GLOBAL", "BINPERSID"),
)
_Base: Any = pickle._Unpickler  # the form written in Python


def _instruction(name: str) -> int:
    return getattr(pickle, name)[0]


class SafeUnpickler(_Base):  # type: ignore[misc]
    """Reads one pickle; UnpicklingError where it asks for more than plain data and tensors."""

    dispatch: ClassVar[dict[int, Any]] = {
        _instruction(name): _Base.dispatch[_instruction(name)] for name in _PLAIN
    }

    def __init__(self, file: IO[bytes], persistent_load: Callable[[Any], Any], encoding: str):
        super().__init__(file, encoding=encoding)
        self.persistent_load = persistent_load
        self._users = dict(_allowed)

    def load(self) -> Any:
        """The object that the pickle describes."""
        try:
            return super().load()
        except (UnpicklingError, RuntimeError, MemoryError):
            raise
        except EOFError:
            raise UnpicklingError("the file ends in the middle: it is damaged") from None
        except (
            *(AttributeError, AssertionError, LookupError, TypeError, ValueError),
            *(ArithmeticError, struct.error),
        ) as error:
            what = f"{type(error).__name__}: {error}"
            raise UnpicklingError(f"the file is damaged, or no checkpoint ({what})") from error

    def find_class(self, module: str, name: str) -> Any:
        """What a name stands for, if it is on a list."""
        full = full_name(module, name)
        for known in (self._users, CALLED, VALUES):
            if full in known:
                return known[full]
        if module.partition(".")[0] == "torch":
            raise UnpicklingError(f"the file needs {full}, which {_types.package} does not have")
        raise UnpicklingError(
            f"Weights only load failed: the file needs {full}, which is not among the names that "
            "are loaded by default. If you trust the file, allow it with "
            f"`{_types.package}.serialization.add_safe_globals([{full}])`, or load everything "
            "that a pickle can do with `weights_only=False`: this can run any code"
        )

    # ------------------------------------------------------------------------- calls
    def _is_users(self, called: Any) -> bool:
        return any(called is allowed for allowed in self._users.values())

    def load_reduce(self) -> None:
        arguments = self.stack.pop()
        called = self.stack[-1]
        if not self._is_users(called) and not any(called is known for known in CALLED.values()):
            raise UnpicklingError(f"the file wants to call {_brief(called)}")
        self.stack[-1] = called(*_tuple(arguments))

    def load_newobj(self) -> None:
        arguments = self.stack.pop()
        made = self.stack.pop()
        if isinstance(made, type) and self._is_users(made):
            self.append(made.__new__(made, *_tuple(arguments)))
        elif any(made is known for known in CALLED.values()):
            self.append(made(*_tuple(arguments)))
        else:
            raise UnpicklingError(f"the file wants to make a {_brief(made)}")

    # ------------------------------------------------------------------------- changes
    def load_build(self) -> None:
        state = self.stack.pop()
        target = self.stack[-1]
        if type(target) is Generator:
            set_generator(target, state)
        elif type(target) is OrderedDict:
            for name, value in dict(state).items():
                if not isinstance(name, str) or hasattr(OrderedDict, name):
                    raise UnpicklingError(f"a dict's attribute {name!r} cannot come from a file")
                target.__dict__[name] = value
        elif self._is_users(type(target)):
            self.stack.append(state)
            _Base.load_build(self)
        else:
            raise UnpicklingError(f"the file wants to change the state of {_brief(target)}")


def _tuple(arguments: Any) -> tuple[Any, ...]:
    if not isinstance(arguments, tuple):
        raise UnpicklingError(f"arguments must be a tuple, not {_brief(arguments)}")
    return arguments


def _brief(value: Any) -> str:
    """A few words for what a file holds."""
    if isinstance(value, type) or callable(value):
        return getattr(value, "__qualname__", type(value).__name__)
    return f"an object of type {type(value).__name__}"


def _adding(name: str, kinds: tuple[type, ...], above: int | None) -> Callable[[Any], None]:
    """The instruction that adds items to the container below them, for these kinds only.

    above: how many items lie on the container; None where they have a stack of their own.
    """
    plain = _Base.dispatch[_instruction(name)]

    def load(self: SafeUnpickler) -> None:
        target = self.metastack[-1][-1] if above is None else self.stack[-1 - above]
        if type(target) not in kinds and not self._is_users(type(target)):
            raise UnpicklingError(f"the file wants to add items to {_brief(target)}")
        plain(self)

    return load


_DICTS = (dict, OrderedDict, Counter)
SafeUnpickler.dispatch |= {
    _instruction("REDUCE"): SafeUnpickler.load_reduce,
    _instruction("NEWOBJ"): SafeUnpickler.load_newobj,
    _instruction("BUILD"): SafeUnpickler.load_build,
    _instruction("APPEND"): _adding("APPEND", (list,), 1),
    _instruction("APPENDS"): _adding("APPENDS", (list,), None),
    _instruction("SETITEM"): _adding("SETITEM", _DICTS, 2),
    _instruction("SETITEMS"): _adding("SETITEMS", _DICTS, None),
    _instruction("ADDITEMS"): _adding("ADDITEMS", (set,), None),
}
