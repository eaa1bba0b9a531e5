"""CloudWatch's metric math, as far as a dashboard of one API needs it: arithmetic, FILL and aggregates.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

#: Values by their moment in seconds since 1970.
Series = dict[int, float]
Value = Series | float | list[Series]

_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values),
    "MIN": min,
    "MAX": max,
}


class BadExpression(Exception):
    """The expression is none that CloudWatch or the emulator understands."""


class _Waiting(Exception):
    """The expression names another one that has no value yet."""


def evaluate(text: str, known: dict[str, Series], metrics: list[str], waiting: set[str]) -> Series | None:
    """The series of an expression; None while it needs one that is still waiting.

    `METRICS()` are the series of `metrics`, the queries that are no expressions.

    Raises:
        BadExpression: it cannot be read, names something unknown, or is no series.
    """
    try:
        # In Python ** is what ^ is in metric math.
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval")
        value = _Evaluator(known, metrics, waiting).value(tree.body)
    except _Waiting:
        return None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadExpression(f"cannot read {text!r}") from error
    if not isinstance(value, dict):
        raise BadExpression("the result is not a time series")
    return value


class _Evaluator:
    def __init__(self, known: dict[str, Series], metrics: list[str], waiting: set[str]) -> None:
        self.known, self.metrics, self.waiting = known, metrics, waiting

    def value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name):
                return self._named(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _combined(operator.mul, -1.0, self.value(operand))
            case ast.BinOp(left=left, op=op, right=right):
                return _combined(_operation(op), self.value(left), self.value(right))
            case ast.List(elts=items):
                return [_series(self.value(item)) for item in items]
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._call(name, args)
        raise BadExpression(f"{ast.unparse(node)} is not supported")

    def _named(self, name: str) -> Series:
        if name in self.known:
            return self.known[name]
        if name in self.waiting:
            raise _Waiting
        raise BadExpression(f"{name} is not the Id of a query")

    def _call(self, name: str, args: list[ast.expr]) -> Value:
        if name == "METRICS" and not args:
            return [self.known[metric] for metric in self.metrics]
        values = [self.value(arg) for arg in args]
        if name == "FILL" and len(values) == 2 and isinstance(values[1], float):
            return self._filled(_series(values[0]), values[1])
        if name in _AGGREGATES and len(values) == 1:
            return _aggregated(_AGGREGATES[name], values[0])
        raise BadExpression(f"the function {name} with {len(args)} arguments is not supported")

    def _filled(self, series: Series, filling: float) -> Series:
        """Every moment at which any metric of the request has a value has one here too."""
        moments = {moment for metric in self.metrics for moment in self.known[metric]}
        return dict.fromkeys(moments, filling) | series


def _operation(op: ast.operator) -> Callable[[float, float], float]:
    if type(op) not in _ARITHMETIC:
        raise BadExpression("only + - * / and ^ are operators")
    return _ARITHMETIC[type(op)]


def _series(value: Any) -> Series:
    if not isinstance(value, dict):
        raise BadExpression("a time series is needed here")
    return value


def _aggregated(aggregate: Callable[[list[float]], float], value: Value) -> Value:
    """One value for each moment of several series, or one number for all moments of one series."""
    if isinstance(value, dict):
        return aggregate(list(value.values())) if value else 0.0
    if isinstance(value, float):
        raise BadExpression("an aggregate needs time series")
    moments = {moment for series in value for moment in series}
    return {m: aggregate([series[m] for series in value if m in series]) for m in moments}


def _combined(run: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """Moment by moment where both have a value; a moment without a result (1/0) has none."""
    if isinstance(left, list) or isinstance(right, list):
        raise BadExpression("an array cannot be an operand")
    if isinstance(left, float) and isinstance(right, float):
        result = _at(run, left, right)
        if result is None:
            raise BadExpression("the result is not a number")
        return result
    moments = set.intersection(*(set(value) for value in (left, right) if isinstance(value, dict)))
    found = {m: _at(run, _value_at(left, m), _value_at(right, m)) for m in moments}
    return {moment: value for moment, value in found.items() if value is not None}


def _value_at(value: Series | float, moment: int) -> float:
    return value[moment] if isinstance(value, dict) else value


def _at(run: Callable[[float, float], float], left: float, right: float) -> float | None:
    try:
        result = run(left, right)
    except (ArithmeticError, ValueError):
        return None
    return result if isinstance(result, float) else None
