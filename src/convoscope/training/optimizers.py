"""Optimizers under Keras' names, with Keras' arguments and defaults.

Each holds settings and state; see `Optimizer`. The arithmetic is the engine's, which is told by `Optimizer.rule`.
"""

from __future__ import annotations

from typing import Any

from convoscope.checks import flag
from convoscope.engine.base import UpdateRule
from convoscope.errors import ConfigurationError, unknown_name
from convoscope.training import schedules as schedules
from convoscope.training.optimizer import Optimizer as Optimizer
from convoscope.training.schedules import LearningRateSchedule


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum (Polyak, or Nesterov's form) if wanted.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    momentum : float
        The share of the last step that is taken again, from 0 to 1.
    nesterov : bool
        Whether the gradient counts as if measured after the momentum's step.
    **options
        ``weight_decay``, ``clipnorm``, ``clipvalue``, ``global_clipnorm``, ``name``: see `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule | dict[str, Any] = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.momentum = self._share(momentum, "momentum")
        self.nesterov = flag(nesterov, "nesterov", "SGD")

    def rule(self) -> UpdateRule:
        return UpdateRule("sgd", momentum=self.momentum, nesterov=self.nesterov, **self._common())


class Adam(Optimizer):
    """Adam: steps scaled by running means of the gradient and of its square.

    Source: Kingma and Ba, Adam: A Method for Stochastic Optimization (2014), in Keras' form, where epsilon is added
    before the bias correction.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    beta_1, beta_2 : float
        How slowly the running means forget.
    epsilon : float
        Keeps the division from blowing up.
    **options
        ``weight_decay``, ``clipnorm``, ``clipvalue``, ``global_clipnorm``, ``name``: see `Optimizer`.

    Examples
    --------
    >>> optimizer = Adam(learning_rate=0.002)
    >>> optimizer.learning_rate = 0.001
    >>> optimizer.rule().slots
    ('momentum', 'velocity')
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule | dict[str, Any] = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1 = self._share(beta_1, "beta_1")
        self.beta_2 = self._share(beta_2, "beta_2")
        self.epsilon = self._number(epsilon, "epsilon")

    def rule(self) -> UpdateRule:
        return UpdateRule("adam", beta_1=self.beta_1, beta_2=self.beta_2, epsilon=self.epsilon, **self._common())


class AdamW(Adam):
    """Adam with decoupled weight decay. Source: Loshchilov and Hutter (2017)."""

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule | dict[str, Any] = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        if weight_decay is None:
            raise ConfigurationError("AdamW: weight_decay must be a number, but is None. Adam goes without.")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, weight_decay=weight_decay, **options)


class RMSprop(Optimizer):
    """RMSprop: steps divided by a running root mean square of the gradient. Source: Hinton's lecture 6e (2012).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    rho : float
        How slowly the running mean forgets.
    momentum : float
        The share of the last step that is taken again.
    epsilon : float
        Keeps the division from blowing up.
    centered : bool
        Whether the variance rather than the mean square divides.
    **options
        ``weight_decay``, ``clipnorm``, ``clipvalue``, ``global_clipnorm``, ``name``: see `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule | dict[str, Any] = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho = self._share(rho, "rho")
        self.momentum = self._share(momentum, "momentum")
        self.epsilon = self._number(epsilon, "epsilon")
        self.centered = flag(centered, "centered", "RMSprop")

    def rule(self) -> UpdateRule:
        return UpdateRule(
            "rmsprop",
            rho=self.rho,
            momentum=self.momentum,
            epsilon=self.epsilon,
            centered=self.centered,
            **self._common(),
        )


_KINDS: dict[str, type[Optimizer]] = {kind.__name__: kind for kind in (SGD, Adam, AdamW, RMSprop)}


def get(identifier: str | dict[str, Any] | Optimizer | type[Optimizer]) -> Optimizer:
    """Return the optimizer that a name, a description, a class or an optimizer itself stands for.

    Examples
    --------
    >>> get("adam")
    Adam(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07)
    """
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Optimizer):
        return identifier()  # type: ignore[call-arg]
    for name, kind in _KINDS.items():
        if str(identifier).lower() == name.lower():
            return kind()  # type: ignore[call-arg]
    raise unknown_name("optimizer", identifier, [name.lower() for name in _KINDS])


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """Return the optimizer's kind and settings as plain JSON values."""
    return {"class_name": type(optimizer).__name__, "config": optimizer.get_config()}


def deserialize(description: dict[str, Any]) -> Optimizer:
    """Make an optimizer from what `serialize` returned."""
    name = description.get("class_name")
    if name not in _KINDS:
        raise unknown_name("optimizer", name, _KINDS)
    return _KINDS[name].from_config(description.get("config", {}))
