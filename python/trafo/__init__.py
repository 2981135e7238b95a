"""Trafo from Python: trafo.compile makes a program from a model file, trafo.load runs one in this process."""

from .driver import compile
from .error import Error
from .model import Generated, Model, load

__all__ = ["Error", "Generated", "Model", "compile", "load"]
